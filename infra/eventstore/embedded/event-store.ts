/**
 * The embedded node's storage: an append-only log with an index by stream.
 *
 * One writer. Appends queue; one commit is in flight at a time and everything that arrives meanwhile goes into
 * the next one (group commit), so that a sync's cost is shared:
 *
 *     append() -> queue -> [ decide each, in order, over the table and what this commit writes ]
 *                       -> one transaction, synced -> position moves, appends are answered, readers wake
 *
 * Positions are 1, 2, 3, ... so that position 0 means "before everything" to clients that use it so.
 */
import type { Logger } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import type { Clock } from '../../../src/runtime/runtime.ts';
import { decideAppend, type Expected } from './append-decision.ts';
import { CommitGroup } from './commit-group.ts';
import { appendSize, decodeRecord, type ProposedEvent, type StoredRecord } from './stored-record.ts';
import { Tables } from './tables.ts';

export type AppendOutcome =
  /** `revision` is -1 and `position` undefined only for an append of no events to a stream that is not there. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number | undefined }
  | { readonly kind: 'wrong-expected-version'; readonly currentRevision: number };

/** The store is closed, or the disk refused a commit; of the append nothing was written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

interface QueuedAppend {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: Error) => void;
}

export interface EventStoreOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class EventStore {
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue: QueuedAppend[] = [];
  readonly #wakers = new Set<() => void>();
  #lastPosition: number;
  #streamCount: number;
  #committing: Promise<void> | undefined;
  #closed = false;

  /** Opens the store in `dataDir`, which the caller has locked. */
  constructor(options: EventStoreOptions) {
    this.#tables = new Tables(options.dataDir);
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#lastPosition = this.#tables.lastPosition();
    this.#streamCount = this.#tables.streamCount();
  }

  /** The newest durable event's position; 0 for an empty log. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /**
   * Appends all events or none. Resolves when they are synced to disk.
   * Throws `StoreUnavailable`; then nothing was written.
   */
  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): Promise<AppendOutcome> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('the store is closed'));
    const bytes = events.reduce((sum, event) => sum + appendSize(event), 0);
    return new Promise((resolve, reject) => {
      this.#queue.push({ stream, expected, events, bytes, resolve, reject });
      // Not at once: what else arrives in this turn of the event loop shares the commit.
      this.#committing ??= Promise.resolve().then(() => this.#commitAll());
    });
  }

  /** The stream's last revision, -1 when it does not exist. */
  streamRevision(stream: string): number {
    return this.#tables.head(stream)?.revision ?? -1;
  }

  /** The record at a position; undefined where there is none. Throws `RecordCorrupt`. */
  record(position: number): StoredRecord | undefined {
    if (position < 1 || position > this.#lastPosition) return undefined;
    const bytes = this.#tables.record(position);
    return bytes === undefined ? undefined : decodeRecord(bytes, position);
  }

  /** A function from revision to record for one stream. Its name is looked up once it exists. */
  streamReader(stream: string): (revision: number) => StoredRecord | undefined {
    let streamNumber: number | undefined;
    return (revision) => {
      streamNumber ??= this.#tables.head(stream)?.streamNumber;
      if (streamNumber === undefined) return undefined;
      const position = this.#tables.position(streamNumber, revision);
      return position === undefined ? undefined : this.record(position);
    };
  }

  /**
   * Resolves when the log is longer than `position`, when `signal` aborts, or when the store closes.
   * Throws `StoreUnavailable` when it is closed: a reader that waits again and again must not spin.
   */
  async moved(position: number, signal: AbortSignal): Promise<void> {
    if (this.#lastPosition > position || signal.aborted) return;
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

  /** Resolves when every append accepted so far is answered. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  /** Finishes the appends that were accepted, then closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#committing;
    this.#wake();
    await this.#tables.close();
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit(this.#takeGroup());
    this.#committing = undefined;
  }

  /** The front of the queue, up to the limits of one commit; always at least one append. */
  #takeGroup(): QueuedAppend[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const append of this.#queue) {
      events += append.events.length;
      bytes += append.bytes;
      const full = events > limits.eventNode.commitEventsMax || bytes > limits.eventNode.commitBytesMax;
      if (full && count > 0) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(appends: readonly QueuedAppend[]): Promise<void> {
    let outcomes: AppendOutcome[];
    const group = new CommitGroup(this.#tables, this.#lastPosition, this.#streamCount, this.#clock.nowMs());
    try {
      outcomes = appends.map((append) => decideInGroup(group, append));
      if (group.writesAnything) await this.#tables.commit(() => group.write());
    } catch (error) {
      this.#logger.error(
        { err: error, appends: appends.length },
        'a commit failed; nothing of it was written',
      );
      const refusal = new StoreUnavailable('the commit failed', { cause: error });
      for (const append of appends) append.reject(refusal);
      return;
    }
    this.#lastPosition = group.lastPosition;
    this.#streamCount = group.streamCount;
    appends.forEach((append, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined) append.resolve(outcome);
    });
    if (group.writesAnything) this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

function decideInGroup(group: CommitGroup, append: QueuedAppend): AppendOutcome {
  const stream = group.stream(append.stream);
  const ids = append.events.map((event) => event.id);
  const decision = decideAppend(stream, append.expected, ids);
  switch (decision.kind) {
    case 'wrong-expected-version':
      return { kind: 'wrong-expected-version', currentRevision: stream.revision };
    case 'already-written':
      return {
        kind: 'appended',
        revision: decision.lastRevision,
        position: stream.positionAt(decision.lastRevision),
      };
    case 'write':
      for (const event of append.events) stream.add(event);
      return { kind: 'appended', revision: stream.revision, position: stream.positionAt(stream.revision) };
  }
}
