/**
 * The embedded node's storage: an append-only log with an index by stream.
 *
 * One writer. Appends queue; one commit is in flight at a time and everything that arrives meanwhile goes into
 * the next one (group commit), so that a sync's cost is shared:
 *
 *     append() -> queue -> [ decide each, in order, over the log and what this commit writes ]
 *                       -> one transaction, synced -> position moves, appends are answered, readers wake
 *
 * Positions are 1, 2, 3, ... so that position 0 means "before everything" to clients that use it so.
 */
import type { Logger } from 'pino';
import { limits } from '../../../../src/config/limits.ts';
import type { Clock, IdSource } from '../../../../src/runtime/runtime.ts';
import type { Expected } from './append-decision.ts';
import { commitFailure } from './commit-failure.ts';
import { CommitGroup } from './commit-group.ts';
import { IndexedLog } from './indexed-log.ts';
import {
  appendSize,
  decodeRecord,
  type ProposedEvent,
  RecordCorrupt,
  RevisionMissing,
  type StoredRecord,
} from './stored-record.ts';
import { removeHidden, type ScavengeResult } from './scavenge.ts';
import { readStreamState } from './stream-source.ts';
import type { StreamState } from './stream-state.ts';
import { Tables } from './tables.ts';
import {
  type AppendOutcome,
  type DeleteOutcome,
  performAppend,
  performDelete,
  performTombstone,
} from './writes.ts';

export type { AppendOutcome, DeleteOutcome } from './writes.ts';

/** The store is closed, or the disk refused a commit; of the append nothing was written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The store takes no more writes, and of this one nothing was written: the node is stopping. */
export class StoreClosing extends StoreUnavailable {}

/** A write that waits for a commit. */
interface QueuedWrite {
  readonly events: number;
  readonly bytes: number;
  /** Decides it over the group, and puts into the group what it writes. Answers what to do once that is synced. */
  readonly perform: (group: CommitGroup) => () => void;
  readonly reject: (error: Error) => void;
}

/** One commit that is on disk. */
export interface CommitReport {
  readonly writes: number;
  readonly events: number;
  readonly bytes: number;
  /** From the decisions to the sync's end. */
  readonly durationMs: number;
}

export interface EventStoreOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** How many events' index entries may be in memory alone; `limits` unless told. */
  readonly recentIndexEventsMax?: number;
  /** Told of every commit. */
  readonly metrics?: { committed(report: CommitReport): void; commitsFailed: number };
}

export class EventStore {
  readonly #dataDir: string;
  readonly #tables: Tables;
  readonly #log: IndexedLog;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #logger: Logger;
  readonly #metrics: EventStoreOptions['metrics'];
  readonly #queue: QueuedWrite[] = [];
  /** What waits to be done while no commit is under way. */
  readonly #tasks: (() => Promise<void>)[] = [];
  readonly #wakers = new Set<() => void>();
  readonly #systemListeners: ((streams: readonly string[]) => void)[] = [];
  #committing: Promise<void> | undefined;
  #draining = false;
  #closed = false;

  /** Opens the store in `dataDir`, which the caller has locked. Throws `FormatMismatch` and `RecordCorrupt`. */
  constructor(options: EventStoreOptions) {
    this.#dataDir = options.dataDir;
    this.#tables = new Tables(options.dataDir);
    try {
      const recentEventsMax = options.recentIndexEventsMax ?? limits.eventNode.recentIndexEventsMax;
      this.#log = new IndexedLog(this.#tables, options.dataDir, recentEventsMax);
    } catch (error) {
      void this.#tables.close();
      throw error;
    }
    this.#clock = options.clock;
    this.#ids = options.ids;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
  }

  /** The newest durable event's position; 0 for an empty log. */
  get lastPosition(): number {
    return this.#log.lastPosition;
  }

  /**
   * Appends all events or none. Resolves when they are synced to disk.
   * Throws `StoreUnavailable`; then nothing was written.
   */
  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): Promise<AppendOutcome> {
    const bytes = events.reduce((sum, event) => sum + appendSize(event), 0);
    return this.#enqueue({ events: events.length, bytes }, (group) =>
      performAppend(group, stream, expected, events, () => this.#ids.next()),
    );
  }

  /**
   * Deletes a stream softly: it reads as one that is not there, and may be begun again after its last revision.
   * Throws `StoreUnavailable`; then nothing was written.
   */
  delete(stream: string, expected: Expected): Promise<DeleteOutcome> {
    return this.#enqueue({ events: 1, bytes: 0 }, (group) =>
      performDelete(group, stream, expected, this.#ids.next()),
    );
  }

  /** Ends a stream for good. Throws `StoreUnavailable`; then nothing was written. */
  tombstone(stream: string, expected: Expected): Promise<DeleteOutcome> {
    return this.#enqueue({ events: 1, bytes: 0 }, (group) =>
      performTombstone(group, stream, expected, this.#ids.next()),
    );
  }

  /** A stream as of now. Throws `RecordCorrupt` when its metadata is damaged. */
  stream(stream: string): StreamState {
    return readStreamState(this.#log, stream);
  }

  /** The record at a position; undefined beyond the log's ends and where it was scavenged. Throws `RecordCorrupt`. */
  record(position: number): StoredRecord | undefined {
    return position < 1 || position > this.#log.lastPosition ? undefined : this.#stored(position);
  }

  /**
   * Looks up one stream's events by revision; undefined beyond its ends and where it was scavenged. The stream's
   * name is looked up once it exists. Throws `RecordCorrupt`.
   */
  streamReader(stream: string): (revision: number) => StoredRecord | undefined {
    const positionAt = this.#log.positionReader(stream);
    return (revision) => {
      if (revision < 0) return undefined;
      const position = positionAt(revision);
      if (position !== undefined) return this.#stored(position);
      const head = this.#log.head(stream);
      if (head !== undefined && revision >= head.scavengedBefore && revision <= head.revision) {
        throw new RevisionMissing(stream, revision);
      }
      return undefined;
    };
  }

  /**
   * Removes what deletions and metadata hide from every reader of a stream, and gives its space back to the
   * disk. Reads and writes go on meanwhile. Stops early, without compacting, when `signal` aborts.
   */
  async scavenge(signal: AbortSignal, pause: () => Promise<void>): Promise<ScavengeResult> {
    const alone = (work: () => Promise<void>) => this.#alone(work);
    const flush = () => this.#log.flush();
    const [tables, clock, logger] = [this.#tables, this.#clock, this.#logger];
    const context = { tables, flush, clock, logger, alone, pause, signal };
    const result = await removeHidden(context);
    if (!signal.aborted) await this.#tables.compact(alone);
    return result;
  }

  /**
   * Resolves when the log is longer than `position`, when `signal` aborts, or when the store closes.
   * Throws `StoreUnavailable` when it is closed: a reader that waits again and again must not spin.
   */
  async moved(position: number, signal: AbortSignal): Promise<void> {
    if (this.#log.lastPosition > position || signal.aborted) return;
    if (this.#closed) throw new StoreUnavailable('the store is closed');
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /**
   * Tells `listener`, which must not throw, after each commit to which system streams it has written: before the
   * writers are answered and readers wake.
   */
  onSystemWrites(listener: (streams: readonly string[]) => void): void {
    this.#systemListeners.push(listener);
  }

  /**
   * Takes no more writes; resolves when every one accepted so far is answered. Reads go on. Without it, waiting
   * would last for as long as others go on writing.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#committing;
  }

  /**
   * Finishes the appends that were accepted, brings the index tables up to date and closes the file. When the disk
   * refuses that, the next start reads the newest events again.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#committing;
    this.#wake();
    try {
      await this.#log.flush();
    } catch (error) {
      this.#logger.warn(
        { err: error },
        'the index was not written; the next start reads the newest events again',
      );
    }
    await this.#tables.close();
  }

  #stored(position: number): StoredRecord | undefined {
    const bytes = this.#log.record(position);
    if (bytes === undefined) throw new RecordCorrupt(position);
    return bytes.length === 0 ? undefined : decodeRecord(bytes, position);
  }

  #enqueue<Outcome>(
    size: Pick<QueuedWrite, 'events' | 'bytes'>,
    perform: (group: CommitGroup) => Outcome,
  ): Promise<Outcome> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('the store is closed'));
    if (this.#draining) return Promise.reject(new StoreClosing('the store is closing'));
    return new Promise((resolve, reject) => {
      const settle = (group: CommitGroup): (() => void) => {
        const outcome = perform(group);
        return () => resolve(outcome);
      };
      this.#queue.push({ ...size, perform: settle, reject });
      this.#beginCommitting();
    });
  }

  /** Runs `work` while no commit is under way; appends wait for it. Rejects with what it throws. */
  #alone(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('the store is closed'));
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => work().then(resolve, reject));
      this.#beginCommitting();
    });
  }

  #beginCommitting(): void {
    // Not at once: what else arrives in this turn of the event loop shares the commit.
    this.#committing ??= Promise.resolve().then(() => this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0 || this.#tasks.length > 0) {
      await this.#tasks.shift()?.();
      if (this.#queue.length > 0) await this.#commit(this.#takeGroup());
    }
    this.#committing = undefined;
  }

  /** The front of the queue, up to the limits of one commit; always at least one write. */
  #takeGroup(): QueuedWrite[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const write of this.#queue) {
      events += write.events;
      bytes += write.bytes;
      const full = events > limits.eventNode.commitEventsMax || bytes > limits.eventNode.commitBytesMax;
      if (full && count > 0) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(writes: readonly QueuedWrite[]): Promise<void> {
    const answers: (() => void)[] = [];
    const beganMs = this.#clock.monotonicMs();
    const group = new CommitGroup(this.#log, this.#log.lastPosition, this.#clock.nowMs());
    try {
      for (const write of writes) answers.push(performOrRefuse(write, group));
      if (group.events > 0) await this.#log.commit(group);
    } catch (error) {
      this.#logger.error({ err: error, writes: writes.length }, 'a commit failed; nothing of it was written');
      if (this.#metrics !== undefined) this.#metrics.commitsFailed++;
      const refusal = new StoreUnavailable(commitFailure(this.#dataDir, error), { cause: error });
      for (const write of writes) write.reject(refusal);
      return;
    }
    this.#metrics?.committed({
      writes: writes.length,
      events: group.events,
      bytes: writes.reduce((sum, write) => sum + write.bytes, 0),
      durationMs: this.#clock.monotonicMs() - beganMs,
    });
    for (const listener of this.#systemListeners) listener(group.systemStreams);
    for (const answer of answers) answer();
    if (group.events > 0) this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

/** What a damaged record makes undecidable is refused by itself, and not with all that shares its commit. */
function performOrRefuse(write: QueuedWrite, group: CommitGroup): () => void {
  try {
    return write.perform(group);
  } catch (error) {
    if (!(error instanceof RecordCorrupt)) throw error;
    return () => write.reject(error);
  }
}
