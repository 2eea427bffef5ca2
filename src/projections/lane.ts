import type pg from 'pg';
import type { Logger } from 'pino';
import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { BusMessage, ProjectionProgress } from './bus.ts';
import type { Change } from './changes.ts';
import type { Checkpoint, CheckpointKey } from './checkpoints.ts';
import { CheckpointMoved, isSamePlace, loadCheckpoint, moveCheckpoint } from './checkpoints.ts';
import type { FeedEntry } from './feed-entry.ts';
import type { Generation } from './generations.ts';
import { schemaOf } from './generations.ts';
import { partitionOf } from './partitions.ts';
import type { ProjectedEvent } from './projected-event.ts';
import type { Projection } from './projection.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { poisonFailure, recordFailure } from './projection-failure.ts';
import type { Sql } from './sql.ts';
import { sqlOn } from './sql.ts';
import { isTransient } from './sql-errors.ts';
import { inTransaction } from './transaction.ts';

/*
 * A lane is one partition of one live projection: a queue of events, and the one writer that drains it.
 *
 *            offer                      commit                     queue empty
 *   idle ------------> writing ----------------------> writing ---------------> idle
 *                        |  fault that may pass: wait, look where the checkpoint is, same batch again
 *                        |  other fault, many events: the same events one by one, to find the culprit
 *                        |  other fault, one event: HALTED (poison), the other lanes go on
 *                        |  checkpoint moved by somebody else: LOST, the session begins anew
 *   idle ----> LOST, too, when the heartbeat finds another checkpoint stored than the lane's
 *
 * An event leaves the queue only after its commit, so that nothing is forgotten between a fault and the retry.
 * While a commit is under way events gather, and the next batch takes them all: alone an event is written at
 * once, under load batches grow by themselves.
 */

export interface LaneDeps {
  readonly pool: pg.Pool;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Bounds the writers of a process. */
  readonly limit: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly publish: (message: BusMessage) => void;
  /** The queue got shorter, or the lane's state changed. */
  readonly moved: () => void;
  /** Somebody else writes this generation, or it is retired: nothing here can be trusted any more. */
  readonly lost: () => void;
}

export type LaneState = 'running' | 'retrying' | 'halted' | 'lost' | 'stopped';

export class Lane {
  readonly projection: Projection;
  readonly key: CheckpointKey;
  readonly #deps: LaneDeps;
  readonly #logger: Logger;
  readonly #schema: string;
  readonly #stopping = new AbortController();
  #checkpoint: Checkpoint;
  /** Everything up to here has been offered, or was nobody's event. */
  #readTo: Position;
  /**
   * The newest event that was offered. Checkpoints are made here and not at `#readTo`: that may lie beyond the
   * newest event of the log (among the store's own), and would look like rows of a log that is gone.
   */
  #offeredTo: Position;
  #queue: FeedEntry[] = [];
  #queuedBytes = 0;
  #state: LaneState = 'running';
  #failure: ProjectionFailure | undefined;
  #draining: Promise<void> | undefined;
  #recording: Promise<void> | undefined;
  #saveWanted = false;
  /** Up to here events go one by one: a batch that holds them has failed. */
  #oneByOneTo: Position;

  constructor(
    deps: LaneDeps,
    projection: Projection,
    generation: Generation,
    partition: number,
    checkpoint: Checkpoint,
  ) {
    this.#deps = deps;
    this.projection = projection;
    this.key = { name: projection.name, generation: generation.number, partition };
    this.#logger = deps.logger.child({ projection: projection.name, generation: generation.number });
    this.#schema = schemaOf(projection.name, generation.number);
    this.#checkpoint = checkpoint;
    this.#readTo = checkpoint.position;
    this.#offeredTo = checkpoint.position;
    this.#oneByOneTo = checkpoint.position;
  }

  get state(): LaneState {
    return this.#state;
  }

  get failure(): ProjectionFailure | undefined {
    return this.#failure;
  }

  /** The durable checkpoint. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  get queuedEvents(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Reads show everything up to `reached`: beyond the checkpoint when what followed was not this lane's. */
  get progress(): ProjectionProgress {
    const { name: projection, generation, partition } = this.key;
    const reached = this.#queue.length === 0 ? this.#readTo : this.#checkpoint.position;
    return { projection, generation, partition, changed: this.#checkpoint.changed, reached };
  }

  /** Whether the lane still takes events. */
  get isActive(): boolean {
    return this.#state === 'running' || this.#state === 'retrying';
  }

  /** Whether nothing is being written: what is stored is then exactly the lane's checkpoint. */
  get isAtRest(): boolean {
    return this.#state === 'running' && this.#draining === undefined;
  }

  /** What is stored is not what the lane wrote: it begins anew, from there. */
  lose(): void {
    if (!this.isActive) return;
    this.#logger.warn('the rows of a projection are not where it left them; it begins anew');
    this.#end('lost');
    this.#deps.lost();
  }

  /** Takes the next event of the log, in order; leaves alone what is not its own or already in its rows. */
  offer(entry: FeedEntry): void {
    const { position, stream } = entry.recorded;
    if (!this.isActive || position <= this.#readTo) return;
    this.#readTo = position;
    this.#offeredTo = position;
    const isOwn =
      this.projection.streamPrefixes.some((prefix) => stream.startsWith(prefix)) &&
      partitionOf(stream) === this.key.partition;
    if (!isOwn) return;
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes;
    this.#wake();
  }

  /** Everything up to `position` has been offered, or was nobody's event. */
  skipTo(position: Position): void {
    if (this.isActive && position > this.#readTo) this.#readTo = position;
  }

  /** Makes the checkpoint durable when it lags behind what has been reached. */
  saveCheckpoint(): void {
    if (!this.isActive || this.#offeredTo <= this.#checkpoint.position) return;
    this.#saveWanted = true;
    this.#wake();
  }

  /** Lets the transaction under way end and takes no further events. */
  async stop(): Promise<void> {
    if (this.isActive) this.#state = 'stopped';
    this.#stopping.abort();
    await this.#draining;
    await this.#recording;
  }

  #wake(): void {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
      // What came between the loop's last look and here.
      if (this.isActive && this.#queue.length > 0) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    const lingerMs = this.projection.lingerMs ?? 0;
    while (this.isActive && (this.#queue.length > 0 || this.#saveWanted)) {
      if (lingerMs > 0 && this.#queue.length > 0 && this.#queue.length < limits.projections.batchEventsMax) {
        await this.#deps.runtime.timers.sleep(lingerMs, this.#stopping.signal);
        if (!this.isActive) return;
      }
      if (this.#queue.length > 0) await this.#writeBatch(this.#nextBatch());
      else await this.#writeCheckpoint();
      this.#deps.moved();
    }
  }

  #nextBatch(): readonly FeedEntry[] {
    const { batchEventsMax, batchBytesMax } = limits.projections;
    const first = this.#queue[0];
    const single = first !== undefined && first.recorded.position <= this.#oneByOneTo;
    const countMax = single ? 1 : Math.min(batchEventsMax, this.#queue.length);
    let count = 0;
    let bytes = 0;
    for (const entry of this.#queue) {
      if (count >= countMax || (count > 0 && bytes + entry.bytes > batchBytesMax)) break;
      count += 1;
      bytes += entry.bytes;
    }
    return this.#queue.slice(0, count);
  }

  async #writeBatch(batch: readonly FeedEntry[]): Promise<void> {
    const last = batch[batch.length - 1];
    if (last === undefined) return;
    const position = last.recorded.position;
    const from = this.#checkpoint;
    const to: Checkpoint = { epoch: from.epoch, position, changed: position };
    // Set once the rows are written; kept when only the commit's answer was lost.
    let describe: () => readonly Change[] = () => [];
    try {
      const folded = this.projection.fold(batch.map(eventOf));
      await this.#commit(from, to, async (tx) => {
        describe = await folded.write(tx, this.#schema);
      });
    } catch (error) {
      this.#fault(error, batch);
      return;
    }
    if (!this.#hasMovedTo(to)) return;
    this.#queue.splice(0, batch.length);
    this.#queuedBytes -= batch.reduce((bytes, entry) => bytes + entry.bytes, 0);
    this.#tell(from.changed, position, describe);
  }

  #tell(previous: Position, checkpoint: Position, describe: () => readonly Change[]): void {
    const { name: projection, generation, partition } = this.key;
    try {
      const changes = describe();
      this.#deps.publish({
        kind: 'changes',
        projection,
        generation,
        partition,
        previous,
        checkpoint,
        changes,
      });
    } catch (error) {
      // The rows are committed. Gateways see the gap and read them.
      this.#logger.error({ err: error, checkpoint }, 'could not tell what changed');
    }
  }

  async #writeCheckpoint(): Promise<void> {
    this.#saveWanted = false;
    const position = this.#offeredTo;
    if (position <= this.#checkpoint.position) return;
    const from = this.#checkpoint;
    try {
      await this.#commit(from, { ...from, position }, async () => {});
    } catch (error) {
      this.#fault(error, []);
    }
  }

  /**
   * One transaction: the checkpoint's compare-and-set, then the rows. Tries again, for as long as the lane is
   * wanted, after faults that may pass; throws the others. Returns without having moved when the lane stopped.
   */
  async #commit(from: Checkpoint, to: Checkpoint, write: (tx: Sql) => Promise<void>): Promise<void> {
    const { lockTimeoutMs, statementTimeoutMs, retryDelayMsMin, retryDelayMsMax } = limits.projections;
    const settings = { disposable: true, lockTimeoutMs, statementTimeoutMs };
    const { pool, limit, runtime } = this.#deps;
    for (let attempt = 1; ; attempt++) {
      let isBegun = false;
      try {
        // A lost connection leaves open whether the commit took place: the checkpoint knows.
        const isDone = attempt > 1 && isSamePlace(await loadCheckpoint(sqlOn(pool), this.key), to);
        if (!isDone) {
          await limit(() =>
            inTransaction(pool, settings, async (tx) => {
              isBegun = true;
              await moveCheckpoint(tx, this.key, from, to);
              await write(tx);
            }),
          );
        }
        this.#checkpoint = to;
        if (this.#state === 'retrying') this.#state = 'running';
        return;
      } catch (error) {
        // Before there is a transaction no event can be at fault, whatever the way to the database answers.
        if (isBegun && !isTransient(error)) throw error;
        if (!this.isActive) return;
        this.#state = 'retrying';
        this.#logger.warn({ err: error, attempt }, 'a projection could not write; it tries again');
        const delayMs = backoffMs(attempt - 1, retryDelayMsMin, retryDelayMsMax, runtime.random);
        await runtime.timers.sleep(delayMs, this.#stopping.signal);
        if (!this.isActive) return;
      }
    }
  }

  #fault(error: unknown, batch: readonly FeedEntry[]): void {
    const [first, second] = batch;
    if (error instanceof CheckpointMoved) {
      this.#logger.warn({ err: error }, 'a projection lost its checkpoint to another writer');
      this.#end('lost');
      this.#deps.lost();
    } else if (first !== undefined && second !== undefined) {
      this.#logger.warn({ err: error, events: batch.length }, 'a batch failed; its events go one by one');
      this.#oneByOneTo = batch[batch.length - 1]?.recorded.position ?? this.#oneByOneTo;
    } else {
      this.#halt(error, first);
    }
  }

  #halt(error: unknown, entry: FeedEntry | undefined): void {
    const failure = poisonFailure(error, entry);
    this.#failure = failure;
    this.#logger.error({ err: error, failure }, 'a projection stopped');
    this.#end('halted');
    this.#recording = recordFailure(sqlOn(this.#deps.pool), this.key, failure).catch(
      (recordError: unknown) => {
        this.#logger.warn({ err: recordError }, 'could not record why a projection stopped');
      },
    );
  }

  /** What is queued is dropped: whoever takes over reads it from the log again. */
  #end(state: 'halted' | 'lost'): void {
    this.#state = state;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#readTo = this.#checkpoint.position;
    this.#offeredTo = this.#checkpoint.position;
    this.#deps.moved();
  }

  #hasMovedTo(to: Checkpoint): boolean {
    return this.#checkpoint === to;
  }
}

function eventOf(entry: FeedEntry): ProjectedEvent {
  if (entry.event.kind === 'bad') throw entry.event.error;
  return entry.event.event;
}
