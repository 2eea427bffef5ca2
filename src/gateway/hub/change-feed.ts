import type { Logger } from 'pino';
import { limits } from '../../config/limits.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import type { BusMessage, ChangeBus } from '../../projections/bus.ts';
import type { Change } from '../../projections/changes.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { ReadSide } from '../read-side.ts';
import type { Connection } from '../socket/connection.ts';
import { resyncAllFrame } from '../socket/encode-frame.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { UserDirectory } from '../views/user-directory.ts';
import { BusGaps } from './bus-gaps.ts';
import { type OutgoingPush, pushesOf } from './change-pushes.ts';
import type { Hub } from './hub.ts';

export interface ChangeFeedOptions {
  readonly bus: Pick<ChangeBus, 'subscribe'>;
  readonly reads: Pick<ReadSide, 'progress' | 'waitFor'>;
  readonly hub: Hub;
  readonly directory: UserDirectory;
  readonly open: OpenSealed;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly push: (connection: Connection, frame: Buffer) => void;
  /** The user, or one of their devices, may have no connections any more. */
  readonly endSessions: (userId: UserId, deviceId?: DeviceId) => void;
}

/**
 * Turns the bus's changes into pushes.
 *
 * Membership takes effect the moment a change arrives, before anything of it is opened. Read models are
 * published each at its own pace, so what goes to a group waits (bounded) until the memberships known here are
 * at least as new as it is: who was removed before it does not get it, and who has joined before it does. Opening
 * is asynchronous, so each partition's changes go through a queue of its own, which keeps them in order; who gets
 * a push is looked up when it is sent.
 *
 * A gap on the bus, a queue that is full, or checkpoints that moved during its silence mean that updates were
 * lost: everyone is then told to resync, spread over a while.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #gaps = new BusGaps();
  readonly #queues = new Map<string, Promise<void>>();
  /** The rest of a resync of everyone that is under way; and why there must be another after it. */
  readonly #resyncTimers = new Set<TimerHandle>();
  #resyncAgain: string | undefined;
  #queued = 0;
  #heardAtMs: number;
  #unsubscribe: (() => void) | undefined;
  #silenceTimer: TimerHandle | undefined;
  #polling = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    this.#heardAtMs = options.runtime.clock.monotonicMs();
  }

  /**
   * Begins to push. Resolves when it is known how far the read models are: what changes after that is pushed, or
   * found missing, even if the bus never says a word.
   */
  async start(): Promise<void> {
    const { bus, runtime } = this.#options;
    this.#unsubscribe = bus.subscribe((message) => this.#onMessage(message));
    await this.#compareWithReadModels();
    this.#silenceTimer = runtime.timers.every(limits.gateway.busSilencePollMs, () => this.#checkSilence());
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#silenceTimer?.cancel();
    for (const timer of this.#resyncTimers) timer.cancel();
    this.#resyncTimers.clear();
    this.#resyncAgain = undefined;
  }

  /** Whether the bus has been heard of lately. */
  get isSilent(): boolean {
    return this.#options.runtime.clock.monotonicMs() - this.#heardAtMs > limits.gateway.busSilenceMs;
  }

  /**
   * Tells every connection to resync, at random moments of a short while, so that not all read at once. What is
   * lost in that while costs one more resync of everyone after it, however often something is.
   */
  resyncAll(reason: string): void {
    if (this.#resyncTimers.size > 0) {
      this.#resyncAgain = reason;
      return;
    }
    const { hub, runtime, logger } = this.#options;
    logger.warn({ reason, connections: hub.connectionCount }, 'telling every client to resync');
    const slices: Connection[][] = [];
    for (const connection of hub.connections()) {
      const index = Math.floor(runtime.random.fraction() * resyncSlices);
      let slice = slices[index];
      if (slice === undefined) {
        slice = [];
        slices[index] = slice;
      }
      slice.push(connection);
    }
    slices.forEach((slice, index) => {
      const timer = runtime.timers.after((index * limits.gateway.resyncSpreadMs) / resyncSlices, () => {
        this.#resyncTimers.delete(timer);
        for (const connection of slice) this.#options.push(connection, resyncAllFrame);
        const again = this.#resyncAgain;
        if (this.#resyncTimers.size > 0 || again === undefined) return;
        this.#resyncAgain = undefined;
        this.resyncAll(again);
      });
      this.#resyncTimers.add(timer);
    });
  }

  #onMessage(message: BusMessage): void {
    this.#heardAtMs = this.#options.runtime.clock.monotonicMs();
    if (this.#gaps.missedBefore(message)) this.resyncAll('a gap on the bus');
    if (message.kind === 'progress') return;
    for (const change of message.changes) this.#applyAtOnce(change);
    if (this.#queued + message.changes.length > limits.gateway.changesQueuedMax) {
      this.resyncAll('the queue of changes is full');
      return;
    }
    const key = `${message.projection}/${message.partition}`;
    this.#queued += message.changes.length;
    const before = this.#queues.get(key) ?? Promise.resolve();
    const after = before.then(() => this.#deliver(message));
    this.#queues.set(key, after);
  }

  #applyAtOnce(change: Change): void {
    const { hub } = this.#options;
    if (change.kind === 'group') {
      for (const { userId } of change.members) hub.memberIn(change.group.groupId, userId);
      for (const userId of change.leftUserIds) hub.memberOut(change.group.groupId, userId);
    }
    if (change.kind === 'account' && (change.account.closed || change.account.frozen)) {
      this.#options.endSessions(change.account.userId);
    }
    if (change.kind === 'device-revoked') this.#options.endSessions(change.userId, change.deviceId);
  }

  /** Never rejects: a change that cannot be pushed costs its receivers a resync. */
  async #deliver({ changes, checkpoint }: Extract<BusMessage, { kind: 'changes' }>): Promise<void> {
    const { reads, logger } = this.#options;
    try {
      if (changes.some(isForGroup)) {
        await reads.waitFor(['groups'], checkpoint, limits.gateway.membershipWaitMs);
      }
      const pushes = await Promise.all(changes.map((change) => pushesOf(change, this.#options)));
      for (const push of pushes.flat()) this.#send(push);
    } catch (error) {
      logger.error({ err: error }, 'changes could not be pushed');
      this.resyncAll('changes could not be pushed');
    } finally {
      this.#queued -= changes.length;
    }
  }

  #send({ to, frame, except }: OutgoingPush): void {
    for (const user of this.#options.hub.audience(to)) {
      if (except?.has(user.userId)) continue;
      for (const connection of user.connections) this.#options.push(connection, frame);
    }
  }

  #checkSilence(): void {
    if (!this.isSilent || this.#polling) return;
    this.#polling = true;
    void this.#compareWithReadModels().finally(() => {
      this.#polling = false;
    });
  }

  /** Never rejects: without an answer, the next look compares. */
  async #compareWithReadModels(): Promise<void> {
    try {
      const projections = await this.#options.reads.progress();
      if (this.#gaps.missedUpTo(projections)) this.resyncAll('checkpoints moved while the bus was silent');
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the read models do not say how far they are');
    }
  }
}

const resyncSlices = 20;

/** Whether those who are in a group by now are to hear of it. */
function isForGroup(change: Change): boolean {
  return 'audience' in change && change.audience.kind === 'conversation';
}
