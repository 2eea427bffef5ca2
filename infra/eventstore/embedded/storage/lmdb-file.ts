import { type Database, open, type RootDatabase } from 'lmdb';

/** The tables of one LMDB file. */
export type TableName = 'log' | 'stream-index' | 'stream-heads' | 'event-ids' | 'facts';

/** An open LMDB file. */
export class LmdbFile {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #tables: Readonly<Record<TableName, Database<Buffer, Buffer>>>;

  /** Of the commit under way. Each has a promise of its own, which rejects with the commit's and must be held. */
  #appends: Promise<boolean>[] = [];

  /** Opens the file, or makes it. `readOnly` opens one that another process may be writing to. */
  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    const root = open<Buffer, Buffer>({
      path,
      noSubdir: true,
      maxDbs: 32,
      // An answered append must be on disk; overlapping, a commit resolves before it is.
      overlappingSync: false,
      // Without it lmdb groups writes by turns of the event loop in promises that nobody holds: when the disk
      // refuses one, its rejection would end the process. Groups are made here, by `commit`.
      eventTurnBatching: false,
      readOnly: options.readOnly ?? false,
      ...binary,
    });
    const table = (name: TableName): Database<Buffer, Buffer> =>
      root.openDB<Buffer, Buffer>({ name, ...binary });
    this.#root = root;
    this.#tables = {
      log: table('log'),
      'stream-index': table('stream-index'),
      'stream-heads': table('stream-heads'),
      'event-ids': table('event-ids'),
      facts: table('facts'),
    };
  }

  table(name: TableName): Database<Buffer, Buffer> {
    return this.#tables[name];
  }

  /**
   * A copy of a value. In Node's pool: a buffer of its own for each, as lmdb's `getBinary` makes it, costs more than
   * the lookup, most of it in garbage collections.
   */
  copyOf(name: TableName, key: Buffer): Buffer | undefined {
    const value = this.#tables[name].getBinaryFast(key);
    if (value === undefined) return undefined;
    // Lmdb goes on using the one buffer and gives it the length of what it read; the buffer itself is longer.
    const copy = Buffer.allocUnsafe(value.length);
    value.copy(copy, 0, 0, value.length);
    return copy;
  }

  /**
   * Puts a value under a key behind all that are there, inside `commit`. It fills each page before it begins the
   * next; where keys may come in any order, LMDB splits a full page in halves.
   */
  append(name: TableName, key: Buffer, value: Buffer): void {
    const table: AppendingDatabase = this.#tables[name];
    this.#appends.push(table.put(key, value, APPEND));
  }

  /**
   * Runs `writes` as one transaction: all of it or nothing. Resolves when it is synced to disk; rejects when
   * the disk refuses it, and then nothing of it is there.
   */
  async commit(writes: () => void): Promise<void> {
    this.#appends = [];
    try {
      const committed = this.#root.batch(writes);
      // All at once: none of them may reject with nobody waiting for it.
      const [, ...appended] = await Promise.all([committed, ...this.#appends]);
      if (appended.includes(false))
        throw new Error('what was to be appended is not behind all that is there');
    } catch (error) {
      // lmdb hangs the cause on it as a second promise, which nobody else holds.
      if (error instanceof Error && 'commitError' in error) await error.commitError;
      throw error;
    }
  }

  /** Writes a compact copy of the file as it is now to `path`. Others may write meanwhile. */
  copyTo(path: string): Promise<void> {
    return this.#root.backup(path, true);
  }

  /** How long the file must be for every page that it speaks of to be in it, in bytes. */
  declaredBytes(): number {
    const { lastPageNumber, pageSize } = this.#root.getStats() as {
      lastPageNumber: number;
      pageSize: number;
    };
    return (lastPageNumber + 1) * pageSize;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** What lmdb's `put` takes, but its type declares for `putSync` alone. */
interface AppendingDatabase {
  put(key: Buffer, value: Buffer, options: typeof APPEND): Promise<boolean>;
}
const APPEND = { append: true } as const;
