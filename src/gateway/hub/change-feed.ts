import type { Logger } from 'pino';
import { limits } from '../../config/limits.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import type { BusMessage, ChangeBus, ProjectionProgress } from '../../projections/bus.ts';
import type { Change } from '../../projections/changes.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { Tokens } from '../../vault/tokens.ts';
import type { ReadSide } from '../read-side.ts';
import type { Connection } from '../socket/connection.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { UserDirectory } from '../views/user-directory.ts';
import { AccessRefresh } from './access-refresh.ts';
import { BusGaps } from './bus-gaps.ts';
import { isPushed, type OutgoingPush, pushesOf } from './change-pushes.ts';
import type { Hub } from './hub.ts';
import { MembershipGate } from './membership-gate.ts';
import { OwedResyncs } from './owed-resyncs.ts';
import { ResyncEveryone } from './resync-everyone.ts';

export interface ChangeFeedOptions {
  readonly bus: Pick<ChangeBus, 'subscribe'>;
  readonly reads: Pick<ReadSide, 'progress' | 'waitFor' | 'accounts'>;
  readonly tokens: Pick<Tokens, 'revokedDevices'>;
  readonly hub: Hub;
  readonly directory: UserDirectory;
  readonly open: OpenSealed;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly push: (connection: Connection, frame: Buffer) => void;
  /** The user, or one of their devices, may have no connections any more. */
  readonly endSessions: (userId: UserId, deviceId?: DeviceId) => void;
}

/** A part of a bus message that is delivered in order with its like. */
type Batch = Pick<Extract<BusMessage, { kind: 'changes' }>, 'changes' | 'checkpoint'>;

/**
 * Turns the bus's changes into pushes.
 *
 * Membership takes effect the moment a change arrives, before anything of it is opened. Read models are
 * published each at its own pace, so what goes to a group waits (bounded) until the memberships known here are
 * at least as new as it is: who was removed before it does not get it, and who has joined before it does. When
 * that wait is in vain, the group is told to read instead (see owed-resyncs.ts).
 *
 * Opening is asynchronous, so each projection's changes go through queues of their own, which keep them in order:
 * one for what goes to groups and one for all else, which waits for no memberships. (Not each partition's: one may
 * go from one projector to another, and a message speaks of several.) Who gets a push is looked up when it is sent.
 *
 * A gap on the bus, or checkpoints that moved during its silence (all of it, or of one partition), mean that updates were lost, who may get what
 * perhaps among them: that is read again (see access-refresh.ts), and then everyone is told to resync.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #gaps = new BusGaps();
  readonly #queues = new Map<string, Promise<void>>();
  readonly #access: AccessRefresh;
  readonly #gate: MembershipGate;
  readonly #owed: OwedResyncs;
  readonly #everyone: ResyncEveryone;
  #queued = 0;
  /** Of each partition, monotonic ms: its projector may be one that this bus does not reach. */
  readonly #heardAtMs = new Map<string, number>();
  #heardAnythingAtMs: number;
  #unsubscribe: (() => void) | undefined;
  #silenceTimer: TimerHandle | undefined;
  #polling = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    const { clock } = options.runtime;
    this.#heardAnythingAtMs = clock.monotonicMs();
    this.#access = new AccessRefresh(options);
    this.#everyone = new ResyncEveryone(options);
    this.#gate = new MembershipGate({ reads: options.reads, access: this.#access, clock });
    const resyncEveryone = (reason: string) => this.#everyone.ask(reason);
    this.#owed = new OwedResyncs({ ...options, gate: this.#gate, resyncEveryone });
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
    this.#access.stop();
    this.#owed.stop();
    this.#everyone.stop();
  }

  /** Whether nothing, or nothing of some partition, was heard lately. */
  get #isSilent(): boolean {
    const oldestMs = Math.min(this.#heardAnythingAtMs, ...this.#heardAtMs.values());
    return this.#options.runtime.clock.monotonicMs() - oldestMs > limits.gateway.busSilenceMs;
  }

  /** Remembers when each partition was heard of; of those that are new, that they are there. */
  #noteHeard(message: BusMessage, isLooked = false): void {
    const nowMs = this.#options.runtime.clock.monotonicMs();
    if (!isLooked) this.#heardAnythingAtMs = nowMs;
    const places =
      message.kind === 'changes'
        ? [{ ...message, partitions: message.partitions.map(({ partition }) => partition) }]
        : message.projections;
    for (const { projection, generation, partitions } of places) {
      for (const partition of partitions) {
        const key = `${projection}/${generation}/${partition}`;
        if (!isLooked || !this.#heardAtMs.has(key)) this.#heardAtMs.set(key, nowMs);
      }
    }
  }

  /** Updates were lost before they came here: nothing is known of what they were. */
  #lost(reason: string): void {
    this.#everyone.ask(reason, this.#access.refresh());
  }

  #onMessage(message: BusMessage): void {
    this.#noteHeard(message);
    if (this.#gaps.missedBefore(message)) this.#lost('a gap on the bus');
    if (message.kind === 'progress') return;
    for (const change of message.changes) this.#applyAtOnce(change);
    const changes = message.changes.filter((change) => isPushed(change, this.#options.hub));
    if (this.#queued + changes.length > limits.gateway.changesQueuedMax) {
      this.#everyone.ask('the queue of changes is full');
      return;
    }
    const { checkpoint, projection } = message;
    const [forGroups, others] = [changes.filter(isForGroup), changes.filter((change) => !isForGroup(change))];
    this.#enqueue(projection, others, () => this.#deliver({ changes: others, checkpoint }));
    this.#enqueue(`${projection}/groups`, forGroups, () =>
      this.#deliverToGroups({ changes: forGroups, checkpoint }),
    );
  }

  #applyAtOnce(change: Change): void {
    const { hub } = this.#options;
    if (change.kind === 'group') {
      const { groupId, memberCount } = change.group;
      for (const { userId } of change.members) hub.memberIn(groupId, userId);
      for (const userId of change.leftUserIds) hub.memberOut(groupId, userId);
      hub.memberCountIs(groupId, memberCount);
    }
    if (change.kind === 'account' && (change.account.closed || change.account.frozen)) {
      this.#options.endSessions(change.account.userId);
    }
    if (change.kind === 'device-revoked') this.#options.endSessions(change.userId, change.deviceId);
  }

  #enqueue(key: string, { length }: readonly Change[], deliver: () => Promise<void>): void {
    if (length === 0) return;
    this.#queued += length;
    const before = this.#queues.get(key) ?? Promise.resolve();
    this.#queues.set(
      key,
      before.then(async () => {
        try {
          await deliver();
        } catch (error) {
          this.#options.logger.error({ err: error }, 'changes could not be pushed');
          this.#everyone.ask('changes could not be pushed');
        } finally {
          this.#queued -= length;
        }
      }),
    );
  }

  async #deliverToGroups(batch: Batch): Promise<void> {
    if (!(await this.#gate.opensFor(batch.checkpoint)))
      return this.#owed.owe(batch.changes, batch.checkpoint);
    await this.#deliver(batch, true);
  }

  async #deliver({ changes, checkpoint }: Batch, isForGroups = false): Promise<void> {
    const pushes = await Promise.all(changes.map((change) => pushesOf(change, this.#options)));
    let sent = 0;
    for (const [index, ofChange] of pushes.entries()) {
      // Opening takes a while, and so do many pushes: a loss may have been found meanwhile.
      if (isForGroups && this.#gate.hasClosed) return this.#owed.owe(changes.slice(index), checkpoint);
      for (const push of ofChange) sent += this.#send(push);
      if (sent < limits.gateway.pushesPerTurnMax) continue;
      sent = 0;
      await this.#options.runtime.timers.sleep(0);
    }
  }

  /** To how many connections it was sent. */
  #send({ to, frame, except }: OutgoingPush): number {
    let sent = 0;
    for (const user of this.#options.hub.audience(to)) {
      if (except?.has(user.userId)) continue;
      sent += user.connections.length;
      for (const connection of user.connections) this.#options.push(connection, frame);
    }
    return sent;
  }

  /** Partitions of generations that are gone are not waited for. */
  #forgetOthers(projections: readonly ProjectionProgress[]): void {
    const live = new Set(projections.map(({ projection, generation }) => `${projection}/${generation}/`));
    for (const key of this.#heardAtMs.keys()) {
      if (!live.has(key.slice(0, key.lastIndexOf('/') + 1))) this.#heardAtMs.delete(key);
    }
  }

  #checkSilence(): void {
    if (!this.#isSilent || this.#polling) return;
    this.#polling = true;
    void this.#compareWithReadModels().finally(() => {
      this.#polling = false;
    });
  }

  /** Never rejects: without an answer, the next look compares. */
  async #compareWithReadModels(): Promise<void> {
    try {
      const projections = await this.#options.reads.progress();
      this.#forgetOthers(projections);
      this.#noteHeard({ kind: 'progress', projections }, true);
      if (this.#gaps.missedUpTo(projections)) this.#lost('checkpoints moved while the bus was silent');
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the read models do not say how far they are');
    }
  }
}

/** Whether those who are in a group by now are to hear of it. */
function isForGroup(change: Change): boolean {
  return 'audience' in change && change.audience.kind === 'conversation';
}
