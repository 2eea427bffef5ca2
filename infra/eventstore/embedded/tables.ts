/**
 * The LMDB tables behind the event store, with keys and values as plain numbers and strings.
 *
 * Keys are fixed-width big-endian, so that LMDB's byte order is the numbers' order. A stream has a number, given
 * when it is made, so that its name is stored once and not with every index entry.
 *
 * Alternatives: a log file of our own with an index beside it would write each event once instead of into a
 * B+tree, but then recovery after a crash, torn pages and index repair are ours; LMDB's copy-on-write commit
 * gives atomic groups of appends and a start that needs no recovery.
 */
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';

/** The file inside a data folder that holds everything. */
export const DATA_FILE = 'events.mdb';

/** Bump when the layout changes; an older or newer folder is refused with a sentence. */
const FORMAT_VERSION = 2;

export interface StreamHead {
  readonly streamNumber: number;
  /** The last revision; -1 for a stream that has a tombstone and nothing else. */
  readonly revision: number;
  readonly tombstoned: boolean;
  /** Below this revision, events were scavenged. From here to the last one, none is missing. */
  readonly scavengedBefore: number;
}

/** The data folder was written by another version of this program. */
export class FormatMismatch extends Error {
  override readonly name = 'FormatMismatch';
}

export class Tables {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #log: Database<Buffer, Buffer>;
  readonly #index: Database<Buffer, Buffer>;
  readonly #heads: Database<Buffer, Buffer>;
  readonly #ids: Database<Buffer, Buffer>;
  readonly #facts: Database<Buffer, Buffer>;

  /** Opens, or makes, the tables in `dataDir`. Throws `FormatMismatch`. */
  constructor(dataDir: string) {
    // overlappingSync resolves a commit before it is on disk; an answered append must be.
    this.#root = open<Buffer, Buffer>({
      path: join(dataDir, DATA_FILE),
      noSubdir: true,
      maxDbs: 32,
      overlappingSync: false,
      // Without it lmdb groups writes by turns of the event loop in promises that nobody holds: when the disk
      // refuses one, its rejection would end the process. Groups are made here, by `commit`.
      eventTurnBatching: false,
      ...binary,
    });
    this.#log = this.#root.openDB<Buffer, Buffer>({ name: 'log', ...binary });
    this.#index = this.#root.openDB<Buffer, Buffer>({ name: 'stream-index', ...binary });
    this.#heads = this.#root.openDB<Buffer, Buffer>({ name: 'stream-heads', ...binary });
    this.#ids = this.#root.openDB<Buffer, Buffer>({ name: 'event-ids', ...binary });
    this.#facts = this.#root.openDB<Buffer, Buffer>({ name: 'facts', ...binary });
    this.#checkFormat();
  }

  /**
   * Runs `writes` as one transaction: all of it or nothing. Resolves when it is synced to disk; rejects when
   * the disk refuses it, and then nothing of it is there.
   */
  async commit(writes: () => void): Promise<void> {
    try {
      await this.#root.batch(writes);
    } catch (error) {
      // lmdb hangs the cause on it as a second promise, which nobody else holds.
      if (error instanceof Error && 'commitError' in error) await ignoreRejection(error.commitError);
      throw error;
    }
  }

  /** The record at a position. Empty: it was scavenged. Undefined: there never was one, or the file is damaged. */
  record(position: number): Buffer | undefined {
    return this.#log.getBinary(u64(position));
  }

  putRecord(position: number, record: Buffer): void {
    this.#log.put(u64(position), record);
  }

  /** The newest event's position, 0 for an empty log. */
  lastPosition(): number {
    for (const key of this.#log.getKeys({ reverse: true, limit: 1 })) return readU64(key, 0);
    return 0;
  }

  head(stream: string): StreamHead | undefined {
    const value = this.#heads.getBinary(Buffer.from(stream, 'utf8'));
    if (value === undefined) return undefined;
    return {
      streamNumber: readU64(value, 0),
      revision: readU64(value, 8) - 1,
      scavengedBefore: readU64(value, 16),
      tombstoned: value[24] === 1,
    };
  }

  putHead(stream: string, head: StreamHead): void {
    const numbers = u64(head.streamNumber, head.revision + 1, head.scavengedBefore);
    this.#heads.put(
      Buffer.from(stream, 'utf8'),
      Buffer.concat([numbers, Buffer.from([head.tombstoned ? 1 : 0])]),
    );
  }

  position(streamNumber: number, revision: number): number | undefined {
    const value = this.#index.getBinary(u64(streamNumber, revision));
    return value === undefined ? undefined : readU64(value, 0);
  }

  putPosition(streamNumber: number, revision: number, position: number): void {
    this.#index.put(u64(streamNumber, revision), u64(position));
  }

  revisionOf(streamNumber: number, eventId: string): number | undefined {
    const value = this.#ids.getBinary(idKey(streamNumber, eventId));
    return value === undefined ? undefined : readU64(value, 0);
  }

  putRevisionOf(streamNumber: number, eventId: string, revision: number): void {
    this.#ids.put(idKey(streamNumber, eventId), u64(revision));
  }

  /** How many streams were ever made: the next one's number. */
  streamCount(): number {
    const value = this.#facts.getBinary(STREAM_COUNT);
    return value === undefined ? 0 : readU64(value, 0);
  }

  putStreamCount(count: number): void {
    this.#facts.put(STREAM_COUNT, u64(count));
  }

  /** How long the file must be for every page that it speaks of to be in it, in bytes. */
  declaredBytes(): number {
    const { lastPageNumber, pageSize } = this.#root.getStats() as {
      lastPageNumber: number;
      pageSize: number;
    };
    return (lastPageNumber + 1) * pageSize;
  }

  /** Visits every page of the indexes. */
  readAllKeys(): void {
    for (const table of [this.#index, this.#heads, this.#ids]) table.getKeysCount();
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #checkFormat(): void {
    const value = this.#facts.getBinary(FORMAT);
    if (value === undefined) {
      this.#facts.putSync(FORMAT, u64(FORMAT_VERSION));
      return;
    }
    const found = readU64(value, 0);
    if (found !== FORMAT_VERSION) {
      throw new FormatMismatch(
        `the data folder has format ${found}, this program reads format ${FORMAT_VERSION}; ` +
          'start the version that wrote it, or use another folder',
      );
    }
  }
}

async function ignoreRejection(promise: unknown): Promise<void> {
  try {
    await promise;
  } catch {
    // The error that carries it is the one that is thrown.
  }
}

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
const STREAM_COUNT = Buffer.from('stream-count');
const FORMAT = Buffer.from('format');

/** Numbers from 0 to 2^53 - 1, each in eight bytes. The two high bytes stay zero. */
function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeUIntBE(value, index * 8 + 2, 6);
  });
  return bytes;
}

function readU64(bytes: Uint8Array, offset: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntBE(offset + 2, 6);
}

/** The id first: UUIDv7 ids of one time lie side by side, so that few pages are touched. */
function idKey(streamNumber: number, eventId: string): Buffer {
  return Buffer.concat([Buffer.from(eventId.replaceAll('-', ''), 'hex'), u64(streamNumber)]);
}
