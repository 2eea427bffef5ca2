import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const LOCK_FILE = 'node.lock';

/** Another process, or another node in this one, has the data folder open. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

export interface DataFolderLock {
  release(): void;
}

/**
 * Takes the data folder for this process alone. The lock is an exclusive SQLite transaction on an empty
 * database: SQLite holds it as a lock of the operating system, which goes with the process, whatever ends it.
 * A file with a process id in it would outlive a kill -9 and then lock out its own owner.
 *
 * Throws `DataFolderInUse`.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  const database = new DatabaseSync(join(dataDir, LOCK_FILE));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new DataFolderInUse(
      `the event data in ${dataDir} is in use by another running node; stop that one, or use another folder`,
      { cause: error },
    );
  }
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
