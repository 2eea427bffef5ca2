/**
 * Follows the log and does something about each event that concerns it, at least once.
 *
 *     waiting ──lease──► following ──lease lost, subscription failed──► waiting
 *
 * Events of one stream are worked on in order, those of different streams at the same time, so many at once. The
 * checkpoint moves over finished work only. One process follows at a time; two for a moment are harmless, since
 * whatever a follower does is done once anyway. An event that cannot be finished is tried again for ever, ever
 * more slowly, and is reported: nothing is skipped.
 */
import type { Logger } from 'pino';
import type { LeaseStore } from '../../runtime/leases.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { EventLog, Position, RecordedEvent, Subscription } from '../event-log.ts';
import { START } from '../event-log.ts';
import { Gate } from '../gate.ts';
import { FinishedPrefix } from './finished-prefix.ts';
import type { FollowerCheckpoints } from './follower-checkpoints.ts';

export interface FollowerBounds {
  readonly followerInFlightMax: number;
  readonly followerConcurrency: number;
  readonly followerRetryDelayMsMin: number;
  readonly followerRetryDelayMsMax: number;
  readonly followerPoisonAfterTries: number;
  readonly followerCheckpointEveryMs: number;
  readonly followerLeaseTtlMs: number;
}

export interface FollowerOptions {
  readonly name: string;
  readonly streamPrefixes: readonly string[];
  /** Events that are not concerned cost nothing. */
  readonly concerns: (event: RecordedEvent) => boolean;
  /** Handles an event; throws to be called again with it. */
  readonly handle: (event: RecordedEvent) => Promise<void>;
  /** An event is left alone until it is this old: whoever began it usually finishes it. */
  readonly patienceMs: number;
  readonly epoch: string;
  readonly holder: string;
  readonly eventLog: EventLog;
  readonly checkpoints: FollowerCheckpoints;
  readonly leases: LeaseStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly bounds: FollowerBounds;
}

export interface FollowerStatus {
  readonly name: string;
  readonly following: boolean;
  /** Everything up to here is finished. */
  readonly position: Position;
  readonly inFlight: number;
  /** The event that keeps failing; `undefined` when all is well, and when another process follows. */
  readonly poison: { readonly position: Position; readonly type: string; readonly error: string } | undefined;
}

/** A step of a process could not be taken now. */
export class StepUnfinished extends Error {
  override readonly name = 'StepUnfinished';

  constructor(what: string, cause: unknown) {
    super(`${what} could not be finished`, { cause });
  }
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #work: FinishedPrefix | undefined;
  #following = false;
  /** The log is known to hold an event here. */
  #newestEvent: Position = START;
  #poison: FollowerStatus['poison'];

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get status(): FollowerStatus {
    return {
      name: this.#options.name,
      following: this.#following,
      position: this.#work?.position ?? START,
      inFlight: this.#work?.inFlight ?? 0,
      poison: this.#poison,
    };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops reading, lets what is being handled end, and keeps the checkpoint. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { name, holder, leases, runtime, logger, bounds } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (await leases.acquire(name, holder, bounds.followerLeaseTtlMs)) {
          await this.#follow();
          await leases.release(name, holder);
        }
      } catch (error) {
        logger.error({ err: error, follower: name }, 'a follower was interrupted; it begins again');
      }
      if (!signal.aborted) await runtime.timers.sleep(bounds.followerLeaseTtlMs / 3, signal);
    }
  }

  /** Until the lease is lost, the subscription ends or the follower is stopped. */
  async #follow(): Promise<void> {
    const { name, epoch, eventLog, checkpoints, streamPrefixes, runtime, logger, bounds } = this.#options;
    const after = await this.#begin();
    const work = new FinishedPrefix(after);
    this.#work = work;
    const session = new AbortController();
    const subscription = eventLog.subscribe({ after, streamPrefixes });
    const end = (): void => {
      session.abort();
      subscription.close().catch((error: unknown) => logger.warn({ err: error, follower: name }, 'close'));
    };
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    const lease = this.#keepLease(end);
    let saved = after;
    const save = async (): Promise<void> => {
      const position = await this.#withinLog(work.position);
      if (position <= saved) return;
      saved = position;
      await checkpoints.save(name, epoch, position);
    };
    const saver = runtime.timers.every(bounds.followerCheckpointEveryMs, () => {
      save().catch((error: unknown) => logger.warn({ err: error, follower: name }, 'checkpoint not saved'));
    });
    this.#following = true;
    try {
      if (this.#stopping.signal.aborted) end();
      await this.#consume(subscription, work, session.signal);
    } finally {
      this.#following = false;
      this.#stopping.signal.removeEventListener('abort', end);
      lease.cancel();
      saver.cancel();
      end();
      await work.idle();
      // Whoever follows next reports what fails there.
      this.#poison = undefined;
      await save();
    }
  }

  /**
   * Where it begins: behind its checkpoint. One beyond the log's end is of events that the log has lost, and what
   * comes in their place would be passed over.
   */
  async #begin(): Promise<Position> {
    const { name, epoch, eventLog, checkpoints, logger } = this.#options;
    const checkpoint = (await checkpoints.load(name, epoch)) ?? START;
    const head = await eventLog.head();
    this.#newestEvent = checkpoint <= head ? checkpoint : START;
    if (checkpoint > head) {
      const about = { follower: name, checkpoint: String(checkpoint), head: String(head) };
      logger.error(
        about,
        'a follower is ahead of the log, which is older than it was; it begins at the start',
      );
    }
    return this.#newestEvent;
  }

  /**
   * A position, or the log's newest event where that is before it: the store's own events may come behind that, and
   * a checkpoint among them would look like one of a log that is gone.
   */
  async #withinLog(position: Position): Promise<Position> {
    if (position > this.#newestEvent) {
      // While the log does not answer, what is known of it is enough.
      this.#newestEvent = await this.#options.eventLog.head().catch(() => this.#newestEvent);
    }
    return position < this.#newestEvent ? position : this.#newestEvent;
  }

  async #consume(subscription: Subscription, work: FinishedPrefix, signal: AbortSignal): Promise<void> {
    const { concerns, bounds } = this.#options;
    const lanes = new Map<string, Promise<void>>();
    const gate = new Gate(bounds.followerConcurrency);
    for await (const item of subscription) {
      if (signal.aborted) return;
      if (item.kind === 'checkpoint') work.begin(item.position)();
      if (item.kind !== 'event') continue;
      const { event } = item;
      if (event.position > this.#newestEvent) this.#newestEvent = event.position;
      const finish = work.begin(event.position);
      if (!concerns(event)) {
        finish();
        continue;
      }
      // In log order times hardly ever go back, so that waiting for one holds up nothing that is due.
      await this.#untilDue(event, signal);
      const before = lanes.get(event.stream) ?? Promise.resolve();
      const lane = before
        .then(() => gate.pass(() => this.#handleUntilDone(event, signal)))
        .then((done) => {
          if (done) finish();
          else work.abandon();
          if (lanes.get(event.stream) === lane) lanes.delete(event.stream);
        });
      lanes.set(event.stream, lane);
      await work.below(bounds.followerInFlightMax, signal);
    }
  }

  /** False when it was told to stop before the event was done. */
  async #handleUntilDone(event: RecordedEvent, signal: AbortSignal): Promise<boolean> {
    const { name, handle, runtime, logger, bounds } = this.#options;
    let delayMs = bounds.followerRetryDelayMsMin;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        await handle(event);
        if (this.#poison?.position === event.position) this.#poison = undefined;
        return true;
      } catch (error) {
        const { position, type, stream, revision } = event;
        const about = {
          err: error,
          follower: name,
          position: String(position),
          type,
          stream,
          revision,
          tries,
        };
        if (tries < bounds.followerPoisonAfterTries) {
          logger.warn(about, 'an event could not be handled; trying again');
        } else {
          this.#poison = { position, type, error: error instanceof Error ? error.message : String(error) };
          logger.error(about, 'POISON: an event keeps failing and holds up its follower');
        }
        await runtime.timers.sleep(delayMs, signal);
        delayMs = Math.min(delayMs * 2, bounds.followerRetryDelayMsMax);
      }
    }
    return false;
  }

  async #untilDue(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const { patienceMs, runtime } = this.#options;
    const dueInMs = event.metadata.timeMs + patienceMs - runtime.clock.nowMs();
    // A clock that ran ahead when the event was written must not hold it up for longer than that.
    if (dueInMs > 0) await runtime.timers.sleep(Math.min(dueInMs, patienceMs), signal);
  }

  #keepLease(lost: () => void): TimerHandle {
    const { name, holder, leases, runtime, logger, bounds } = this.#options;
    let heldUntilMs = runtime.clock.monotonicMs() + bounds.followerLeaseTtlMs;
    return runtime.timers.every(bounds.followerLeaseTtlMs / 3, () => {
      const askedAtMs = runtime.clock.monotonicMs();
      leases
        .acquire(name, holder, bounds.followerLeaseTtlMs)
        .then((held) => {
          if (held) heldUntilMs = askedAtMs + bounds.followerLeaseTtlMs;
          else lost();
        })
        .catch((error: unknown) => {
          logger.warn({ err: error, follower: name }, 'a lease could not be prolonged');
          if (runtime.clock.monotonicMs() >= heldUntilMs) lost();
        });
    });
  }
}
