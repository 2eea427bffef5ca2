import type { Logger } from 'pino';
import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Skips } from '../domain/projection-skips.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { BusMessage, ProjectionProgress } from './bus.ts';
import type { Change } from './changes.ts';
import type { Checkpoint, CheckpointKey, CheckpointMove } from './checkpoints.ts';
import { CheckpointMoved } from './checkpoints.ts';
import { earliest } from './earliest.ts';
import type { FeedEntry } from './feed-entry.ts';
import type { Generation } from './generations.ts';
import { schemaOf } from './generations.ts';
import { commitInLane, type LaneCommitDeps } from './lane-commit.ts';
import { LaneQueue } from './lane-queue.ts';
import type { ProjectedEvent } from './projected-event.ts';
import type { Projection } from './projection.ts';
import type { ProjectionCounters } from './projection-counters.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { poisonFailure, recordFailure } from './projection-failure.ts';
import { isSkipped } from './read-skips.ts';
import type { Sql } from './sql.ts';
import { sqlOn } from './sql.ts';

/*
 * A lane is what one process has of one live projection: some of its partitions, one queue of their events, and the
 * one writer that drains it.
 *
 *            offer                      commit                     queue empty
 *   idle ------------> writing ----------------------> writing ---------------> idle
 *                        |  fault that may pass: wait, look where the checkpoints are, same batch again
 *                        |  other fault, many events: the same events one by one, to find the culprit
 *                        |  other fault, one event: its partition is HALTED (poison), the others go on, until an
 *                        |    operator has it tried again or skips the event: the session begins anew
 *                        |  checkpoint moved by somebody else: LOST, the session begins anew
 *   idle ----> LOST, too, when the heartbeat finds another checkpoint stored than the lane's
 *
 * An event leaves the queue only after its commit, so that nothing is forgotten between a fault and the retry.
 * While a commit is under way events gather, and the next batch takes them all: alone an event is written at
 * once, under load batches grow by themselves.
 *
 * The partitions share a transaction: rows are folded once, and one statement moves all their checkpoints. Measured
 * with 1,000 events/s (messages, receipts, deposits), one process, two cores that other work used too (load 3 to 12);
 * from append to the told commit, ms, over several runs that took turns:
 *
 *   partitions   transaction of                          median       99th of 100
 *   1            the projection                          4 - 31       21 - 601
 *   4            each partition (a lane for each)        10 - 16      74 - 108
 *   8            each partition                          49 - 300     282 - 1345
 *   8            the projection, all checkpoints         13 - 27      50 - 312
 *   8            the projection, those with an event     12 - 16      157 - 204
 *
 * So eight partitions of one process cost it about what one does, as long as they share. Of the last two the
 * first was taken: the partitions stay side by side, so that one entry tells how far all are, and the heartbeat has
 * nothing to catch up on.
 */

export interface LaneDeps extends LaneCommitDeps {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly publish: (message: BusMessage) => void;
  readonly counters: ProjectionCounters;
  /** The queue got shorter, or the lane's state changed. */
  readonly moved: () => void;
  /** Somebody else writes this generation, or it is retired: nothing here can be trusted any more. */
  readonly lost: () => void;
}

export type LaneState = 'running' | 'retrying' | 'halted' | 'lost' | 'stopped';

/** One partition of a lane, as it is now. */
export interface LanePartition {
  readonly partition: number;
  readonly state: LaneState;
  readonly checkpoint: Checkpoint;
  /** Reads show everything up to here: beyond the checkpoint when what followed was not this lane's. */
  readonly reached: Position;
  readonly failure: ProjectionFailure | undefined;
  /** When the oldest event was decided that it has not written, ms; `undefined` when it has written all. */
  readonly waitingSinceMs: number | undefined;
}

interface HaltedPartition {
  readonly checkpoint: Checkpoint;
  readonly failure: ProjectionFailure;
  readonly waitingSinceMs: number | undefined;
  /** The database knows it too: when it is gone from there, an operator wants another try. */
  isRecorded: boolean;
}

export class Lane {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly #deps: LaneDeps;
  readonly #logger: Logger;
  readonly #schema: string;
  readonly #skips: Skips;
  readonly #stopping = new AbortController();
  /** The durable checkpoints of the partitions that it writes; another map after each commit. */
  #checkpoints: ReadonlyMap<number, Checkpoint>;
  readonly #halted = new Map<number, HaltedPartition>();
  /** Everything up to here has been offered, or was nobody's event. */
  #readTo: Position;
  /**
   * The newest event that was offered. Checkpoints are made here and not at `#readTo`: that may lie beyond the
   * newest event of the log (among the store's own), and would look like rows of a log that is gone.
   */
  #offeredTo: Position;
  readonly #queue: LaneQueue;
  #state: LaneState = 'running';
  #draining: Promise<void> | undefined;
  readonly #recording = new Set<Promise<void>>();
  #saveWanted = false;

  /** `checkpoints`: of the partitions that it is to write, at least one. `skips`: what the rows leave out. */
  constructor(
    deps: LaneDeps,
    projection: Projection,
    generation: Generation,
    checkpoints: ReadonlyMap<number, Checkpoint>,
    skips: Skips,
  ) {
    this.#deps = deps;
    this.projection = projection;
    this.generation = generation;
    this.#logger = deps.logger.child({ projection: projection.name, generation: generation.number });
    this.#schema = schemaOf(projection.name, generation.number);
    this.#skips = skips;
    this.#checkpoints = checkpoints;
    const start = firstOf(checkpoints);
    this.#readTo = start;
    this.#offeredTo = start;
    this.#queue = new LaneQueue(start, (entry) => this.#partitionOf(entry));
  }

  /** The durable checkpoints of the partitions that it writes. */
  get checkpoints(): ReadonlyMap<number, Checkpoint> {
    return this.#checkpoints;
  }

  /** What it writes, and what it had to stop writing, by partition. */
  get partitions(): readonly LanePartition[] {
    const waiting = this.#queue.oldest(this.#checkpoints.size);
    const active = [...this.#checkpoints].map(([partition, checkpoint]) => ({
      partition,
      state: this.#state,
      checkpoint,
      reached: this.#reachedAt(checkpoint),
      failure: undefined,
      waitingSinceMs: waiting.get(partition),
    }));
    const halted = [...this.#halted].map(([partition, { checkpoint, failure, waitingSinceMs }]) => ({
      partition,
      state: 'halted' as const,
      checkpoint,
      reached: checkpoint.position,
      failure,
      waitingSinceMs,
    }));
    return [...active, ...halted].sort((one, other) => one.partition - other.partition);
  }

  /** The partitions that stand still, as far as the database knows it too. */
  get recordedStops(): readonly CheckpointKey[] {
    return [...this.#halted]
      .filter(([, { isRecorded }]) => isRecorded)
      .map(([partition]) => ({ ...this.#key, partition }));
  }

  get queuedEvents(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** How far the partitions that it writes are; those that are alike together. */
  get progress(): readonly ProjectionProgress[] {
    const { name: projection, number: generation, partitions: partitionCount } = this.generation;
    const alike = new Map<string, ProjectionProgress & { readonly partitions: number[] }>();
    for (const [partition, checkpoint] of this.#checkpoints) {
      const { changed } = checkpoint;
      const reached = this.#reachedAt(checkpoint);
      const known = alike.get(`${changed}/${reached}`);
      if (known !== undefined) known.partitions.push(partition);
      else {
        const partitions = [partition];
        alike.set(`${changed}/${reached}`, {
          projection,
          generation,
          partitionCount,
          partitions,
          changed,
          reached,
        });
      }
    }
    return [...alike.values()];
  }

  /** Whether the lane still takes events. */
  get isActive(): boolean {
    return this.#state === 'running' || this.#state === 'retrying';
  }

  /** Whether a partition stands still, or all do. */
  get isStuck(): boolean {
    return !this.isActive || this.#halted.size > 0;
  }

  /** Whether nothing is being written: what is stored is then exactly the lane's checkpoints. */
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
    const checkpoint = this.#checkpoints.get(this.#partitionOf(entry));
    // Partitions that were another's before may be further than the most backward one.
    if (checkpoint === undefined || position <= checkpoint.position) return;
    if (!this.projection.streamPrefixes.some((prefix) => stream.startsWith(prefix))) return;
    if (isSkipped(this.#skips, entry.recorded)) return;
    this.#queue.push(entry);
    this.#wake();
  }

  /** Everything up to `position` has been offered, or was nobody's event. */
  skipTo(position: Position): void {
    if (this.isActive && position > this.#readTo) this.#readTo = position;
  }

  /** Makes the checkpoints durable when they lag behind what has been reached. */
  saveCheckpoints(): void {
    if (!this.isActive || this.#movesTo(this.#offeredTo).length === 0) return;
    this.#saveWanted = true;
    this.#wake();
  }

  /** Lets the transaction under way end and takes no further events. */
  async stop(): Promise<void> {
    if (this.isActive) this.#state = 'stopped';
    this.#stopping.abort();
    await this.#draining;
    await Promise.all(this.#recording);
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
      if (this.#queue.length > 0) await this.#writeBatch(this.#queue.nextBatch());
      else await this.#writeCheckpoints();
      this.#deps.moved();
    }
  }

  async #writeBatch(batch: readonly FeedEntry[]): Promise<void> {
    const last = batch[batch.length - 1];
    if (last === undefined) return;
    const position = last.recorded.position;
    const moves = this.#movesTo(position, position);
    // Set once the rows are written; kept when only the commit's answer was lost.
    let describe: () => readonly Change[] = () => [];
    let isWritten: boolean;
    try {
      const folded = this.projection.fold(batch.map(eventOf));
      isWritten = await this.#commit(moves, async (tx) => {
        describe = await folded.write(tx, this.#schema);
      });
    } catch (error) {
      this.#fault(error, moves, batch);
      return;
    }
    if (!isWritten) return;
    this.#deps.counters.committed(batch.length);
    this.#queue.remove(batch);
    this.#tell(moves, position, describe);
  }

  #tell(moves: readonly CheckpointMove[], checkpoint: Position, describe: () => readonly Change[]): void {
    const { name: projection, number: generation, partitions: partitionCount } = this.generation;
    try {
      const changes = describe();
      const partitions = moves.map(({ partition, from }) => ({ partition, previous: from.changed }));
      this.#deps.publish({
        kind: 'changes',
        projection,
        generation,
        partitionCount,
        partitions,
        checkpoint,
        changes,
      });
    } catch (error) {
      // The rows are committed. Gateways see the gap and read them.
      this.#logger.error({ err: error, checkpoint }, 'could not tell what changed');
    }
  }

  async #writeCheckpoints(): Promise<void> {
    this.#saveWanted = false;
    const moves = this.#movesTo(this.#offeredTo);
    if (moves.length === 0) return;
    try {
      await this.#commit(moves, async () => {});
    } catch (error) {
      this.#fault(error, moves, []);
    }
  }

  /** What brings to `position` those that are not so far yet. */
  #movesTo(position: Position, changed?: Position): readonly CheckpointMove[] {
    return [...this.#checkpoints]
      .filter(([, from]) => from.position < position)
      .map(([partition, from]) => ({
        partition,
        from,
        to: { epoch: from.epoch, position, changed: changed ?? from.changed },
      }));
  }

  /** Moves the checkpoints with what `write` does. False: the lane stopped, nothing was moved. */
  async #commit(moves: readonly CheckpointMove[], write: (tx: Sql) => Promise<void>): Promise<boolean> {
    const isDone = await commitInLane(this.#deps, {
      key: this.#key,
      moves,
      write,
      isWanted: () => this.isActive,
      onRetry: (error, attempt) => {
        this.#state = 'retrying';
        this.#deps.counters.retries += 1;
        this.#logger.warn({ err: error, attempt }, 'a projection could not write; it tries again');
      },
      signal: this.#stopping.signal,
    });
    if (!isDone) return false;
    const moved = moves.map(({ partition, to }) => [partition, to] as const);
    this.#checkpoints = new Map([...this.#checkpoints, ...moved]);
    if (this.#state === 'retrying') this.#state = 'running';
    return true;
  }

  #fault(error: unknown, moves: readonly CheckpointMove[], batch: readonly FeedEntry[]): void {
    const [first, second] = batch;
    if (error instanceof CheckpointMoved) {
      this.#logger.warn({ err: error }, 'a projection lost a checkpoint to another writer');
      this.#end('lost');
      this.#deps.lost();
    } else if (first !== undefined && second !== undefined) {
      this.#logger.warn({ err: error, events: batch.length }, 'a batch failed; its events go one by one');
      this.#queue.divide(batch);
    } else {
      const atFault =
        first === undefined ? moves.map(({ partition }) => partition) : [this.#partitionOf(first)];
      for (const partition of atFault) this.#halt(partition, error, first);
      if (this.#checkpoints.size === 0) this.#end('halted');
      else this.#deps.moved();
    }
  }

  /** Stops one partition: whatever of it is queued is dropped, and nothing of it is taken any more. */
  #halt(partition: number, error: unknown, entry: FeedEntry | undefined): void {
    const checkpoint = this.#checkpoints.get(partition);
    if (checkpoint === undefined) return;
    const failure = poisonFailure(error, entry?.recorded);
    this.#deps.counters.stops += 1;
    this.#logger.error({ err: error, partition, failure }, 'a partition of a projection stopped');
    const waitingSinceMs = entry?.recorded.metadata.timeMs;
    const halted: HaltedPartition = { checkpoint, failure, isRecorded: false, waitingSinceMs };
    this.#halted.set(partition, halted);
    this.#checkpoints = new Map([...this.#checkpoints].filter(([other]) => other !== partition));
    this.#queue.dropPartition(partition);
    const recording = recordFailure(sqlOn(this.#deps.pool), { ...this.#key, partition }, failure)
      .then(() => {
        halted.isRecorded = true;
      })
      .catch((recordError: unknown) => {
        this.#logger.warn({ err: recordError }, 'could not record why a partition stopped');
      })
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }

  /** What is queued is dropped: whoever takes over reads it from the log again. */
  #end(state: 'halted' | 'lost'): void {
    this.#state = state;
    this.#queue.clear();
    this.#deps.moved();
  }

  get #key(): { readonly name: string; readonly generation: number } {
    return { name: this.projection.name, generation: this.generation.number };
  }

  #partitionOf({ hash }: FeedEntry): number {
    return hash % this.generation.partitions;
  }

  #reachedAt({ position }: Checkpoint): Position {
    const isPassed = this.isActive && this.#queue.length === 0 && this.#readTo > position;
    return isPassed ? this.#readTo : position;
  }
}

function eventOf(entry: FeedEntry): ProjectedEvent {
  if (entry.event.kind === 'bad') throw entry.event.error;
  return entry.event.event;
}

function firstOf(checkpoints: ReadonlyMap<number, Checkpoint>): Position {
  const [first, ...others] = [...checkpoints.values()].map(({ position }) => position);
  if (first === undefined) throw new Error('a lane has at least one partition');
  return earliest(first, ...others);
}
