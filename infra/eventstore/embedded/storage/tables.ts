/**
 * The LMDB tables behind the event store, with keys and values as plain numbers and strings.
 *
 *     log            position -> record (stored-record.ts); empty where it was scavenged, so that a hole is damage
 *     stream-index   stream number, block of revisions -> positions (position-blocks.ts)
 *     stream-heads   stream name -> stream number, last revision, ...
 *     event-ids      event id, stream number -> revision
 *     facts          the format, the number of streams, up to which position the index tables go
 *
 * The log is always complete. The index tables and the number of streams follow from it and may be behind it: what
 * they lack is in memory (indexed-log.ts).
 *
 * Keys are fixed-width big-endian, so that LMDB's byte order is the numbers' order. A stream has a number, given
 * when it is made, so that its name is stored once and not with every index entry.
 *
 * Alternatives: a log file of our own with an index beside it would write each event once instead of into a
 * B+tree, but then recovery after a crash, torn pages and index repair are ours; LMDB's copy-on-write commit
 * gives atomic groups of appends and a start that needs no recovery.
 */
import { renameSync } from 'node:fs';
import type { Database } from 'lmdb';
import { limits } from '../../../../src/config/limits.ts';
import { dataFile, nextDataFile, removeDataFile, removeReaders, syncFolder } from './data-files.ts';
import { LmdbFile, type TableName } from './lmdb-file.ts';
import { StreamPositions } from './stream-positions.ts';
import type { StreamHead } from './stream-source.ts';
import { readU64, u64, writeU64 } from './u64.ts';

/** Bump when the layout changes; an older or newer folder is refused with a sentence. */
const FORMAT_VERSION = 3;

/** The head of a stream that is in the tables. */
export interface TableHead extends StreamHead {
  readonly streamNumber: number;
}

/** The data folder was written by another version of this program. */
export class FormatMismatch extends Error {
  override readonly name = 'FormatMismatch';
}

/** So much was written while a compaction ran that it was given up. Everything is as it was. */
export class CompactionOverrun extends Error {
  override readonly name = 'CompactionOverrun';
}

/** One change, as a compaction makes it again in the new file. `value` undefined: removed. */
interface Change {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

export class Tables {
  readonly #dataDir: string;
  #path: string;
  #file: LmdbFile;
  /** Of a lookup in the log, which is done with it when it returns. */
  readonly #logKey = Buffer.alloc(8);
  /** What has been written since a compaction began its copy. */
  #journal: Change[] | undefined;
  #journalBytes = 0;

  /** Where the events of streams are. */
  readonly positions = new StreamPositions({
    get: (key) => this.#table('stream-index').getBinary(key),
    put: (key, value) => this.#put('stream-index', key, value),
    remove: (key) => this.#remove('stream-index', key),
    entries: () => this.#table('stream-index').getRange({}),
  });

  /** Opens, or makes, the tables in `dataDir`. Throws `FormatMismatch`. */
  constructor(dataDir: string, options: { readonly readOnly?: boolean } = {}) {
    this.#dataDir = dataDir;
    this.#path = dataFile(dataDir);
    this.#file = new LmdbFile(this.#path, options);
    this.#checkFormat(options.readOnly ?? false);
  }

  /**
   * Runs `writes` as one transaction: all of it or nothing. Resolves when it is synced to disk; rejects when
   * the disk refuses it, and then nothing of it is there.
   */
  async commit(writes: () => void): Promise<void> {
    const journalled = this.#journal?.length ?? 0;
    try {
      await this.#file.commit(writes);
    } catch (error) {
      if (this.#journal !== undefined) this.#journal.length = journalled;
      throw error;
    }
  }

  /** The record at a position. Empty: it was scavenged. Undefined: there never was one, or the file is damaged. */
  record(position: number): Buffer | undefined {
    writeU64(this.#logKey, position, 0);
    return this.#file.copyOf('log', this.#logKey);
  }

  /** Writes a record behind the newest one. */
  appendRecord(position: number, record: Buffer): void {
    const key = u64(position);
    this.#file.append('log', key, record);
    this.#note({ table: 'log', key, value: record });
  }

  /** Leaves an empty record in an event's place. */
  emptyRecord(position: number): void {
    this.#put('log', u64(position), Buffer.alloc(0));
  }

  /** The newest event's position, 0 for an empty log. */
  lastPosition(): number {
    for (const key of this.#table('log').getKeys({ reverse: true, limit: 1 })) return readU64(key, 0);
    return 0;
  }

  head(stream: string): TableHead | undefined {
    // Asked for by who reads `$$`, or a link to it. There is no such key.
    if (stream === '') return undefined;
    const value = this.#table('stream-heads').getBinary(Buffer.from(stream, 'utf8'));
    return value === undefined ? undefined : readHead(value);
  }

  putHead(stream: string, head: TableHead): void {
    const numbers = u64(head.streamNumber, head.revision + 1, head.scavengedBefore);
    const value = Buffer.concat([numbers, Buffer.from([head.tombstoned ? 1 : 0])]);
    this.#put('stream-heads', Buffer.from(stream, 'utf8'), value);
  }

  /** Streams in the order of their names, behind `after`; at most `count`. */
  streams(after: string, count: number): (readonly [string, TableHead])[] {
    const start = Buffer.concat([Buffer.from(after, 'utf8'), Buffer.from([0])]);
    const entries = this.#table('stream-heads').getRange({ start, limit: count });
    return Array.from(entries, ({ key, value }) => [key.toString('utf8'), readHead(value)] as const);
  }

  revisionOf(streamNumber: number, eventId: string): number | undefined {
    const value = this.#table('event-ids').getBinary(idKey(streamNumber, eventId));
    return value === undefined ? undefined : readU64(value, 0);
  }

  putRevisionOf(streamNumber: number, eventId: string, revision: number): void {
    this.#put('event-ids', idKey(streamNumber, eventId), u64(revision));
  }

  removeRevisionOf(streamNumber: number, eventId: string): void {
    this.#remove('event-ids', idKey(streamNumber, eventId));
  }

  /** How many streams were ever made: the next one's number. */
  streamCount(): number {
    const value = this.#table('facts').getBinary(STREAM_COUNT);
    return value === undefined ? 0 : readU64(value, 0);
  }

  putStreamCount(count: number): void {
    this.#put('facts', STREAM_COUNT, u64(count));
  }

  /** The index has all events up to this position, and nothing of those behind it. */
  indexedPosition(): number {
    const value = this.#table('facts').getBinary(INDEXED_POSITION);
    return value === undefined ? 0 : readU64(value, 0);
  }

  putIndexedPosition(position: number): void {
    this.#put('facts', INDEXED_POSITION, u64(position));
  }

  /** How long the file must be for every page that it speaks of to be in it, in bytes. */
  declaredBytes(): number {
    return this.#file.declaredBytes();
  }

  /** Writes a compact copy as of now to `path`, while others may go on writing. */
  copyTo(path: string): Promise<void> {
    return this.#file.copyTo(path);
  }

  /**
   * Gives free space back to the disk: copies what is in use into a new file and goes on in that. Reads and
   * writes go on during the copy; what is written meanwhile is written into the copy as well, at the end.
   * `alone` runs its work while no commit is under way. Throws `CompactionOverrun`, or what the disk refuses;
   * then everything is as it was.
   */
  async compact(alone: (work: () => Promise<void>) => Promise<void>): Promise<void> {
    const { making, complete } = nextDataFile(this.#dataDir);
    removeDataFile(making);
    // No commit may be half in the journal and half in the copy.
    await alone(async () => {
      this.#journal = [];
      this.#journalBytes = 0;
    });
    let next: LmdbFile | undefined;
    try {
      await this.#file.copyTo(making);
      const copy = new LmdbFile(making);
      next = copy;
      await alone(async () => {
        if (this.#journal === undefined)
          throw new CompactionOverrun('too much was written during the compaction');
        await copy.commit(() => {
          replay(copy, this.#journal ?? []);
          // So that there is a write, whose sync makes the whole copy durable.
          copy.table('facts').put(FORMAT, u64(FORMAT_VERSION));
        });
        // Opened again under its name: lmdb names the file of its readers after the data file, and a backup's
        // process looks for it there. Without it the pages that a backup is reading would be written to.
        await copy.close();
        next = undefined;
        removeReaders(making);
        renameSync(making, complete);
        syncFolder(this.#dataDir);
        const [oldPath, oldFile] = [this.#path, this.#file];
        [this.#path, this.#file] = [complete, new LmdbFile(complete)];
        this.#journal = undefined;
        await oldFile.close();
        removeDataFile(oldPath);
      });
    } catch (error) {
      this.#journal = undefined;
      await next?.close();
      removeDataFile(making);
      // The highest generation counts at the next start: it must not be one that nothing more is written to.
      if (this.#path !== complete) {
        removeDataFile(complete);
        syncFolder(this.#dataDir);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #table(name: TableName): Database<Buffer, Buffer> {
    return this.#file.table(name);
  }

  #put(table: TableName, key: Buffer, value: Buffer): void {
    this.#table(table).put(key, value);
    this.#note({ table, key, value });
  }

  #remove(table: TableName, key: Buffer): void {
    this.#table(table).remove(key);
    this.#note({ table, key, value: undefined });
  }

  #note(change: Change): void {
    if (this.#journal === undefined) return;
    this.#journal.push(change);
    this.#journalBytes += change.key.length + (change.value?.length ?? 0);
    if (this.#journalBytes > limits.eventNode.compactionJournalBytesMax) this.#journal = undefined;
  }

  #checkFormat(readOnly: boolean): void {
    const value = this.#table('facts').getBinary(FORMAT);
    if (value === undefined && !readOnly) {
      this.#table('facts').putSync(FORMAT, u64(FORMAT_VERSION));
      return;
    }
    const found = value === undefined ? 0 : readU64(value, 0);
    if (found !== FORMAT_VERSION) {
      throw new FormatMismatch(
        `the data folder has format ${found}, this program reads format ${FORMAT_VERSION}; ` +
          'start the version that wrote it, or use another folder',
      );
    }
  }
}

const STREAM_COUNT = Buffer.from('stream-count');
const INDEXED_POSITION = Buffer.from('indexed-position');
const FORMAT = Buffer.from('format');

function replay(file: LmdbFile, journal: readonly Change[]): void {
  for (const { table, key, value } of journal) {
    if (value === undefined) file.table(table).remove(key);
    else file.table(table).put(key, value);
  }
}

function readHead(value: Buffer): TableHead {
  return {
    streamNumber: readU64(value, 0),
    revision: readU64(value, 8) - 1,
    scavengedBefore: readU64(value, 16),
    tombstoned: value[24] === 1,
  };
}

/** The id first: UUIDv7 ids of one time lie side by side, so that few pages are touched. */
function idKey(streamNumber: number, eventId: string): Buffer {
  return Buffer.concat([Buffer.from(eventId.replaceAll('-', ''), 'hex'), u64(streamNumber)]);
}
