import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../src/config/operator-error.ts';

export interface DataFolderLock {
  release(): void;
}

/** Another process serves from this data folder. The message is a sentence for the operator. */
export class DataFolderTaken extends OperatorError {
  override readonly name = 'DataFolderTaken';
}

const sqliteBusy = 5;

/**
 * Makes the data folder and takes it for this process alone.
 *
 * The lock is SQLite's exclusive lock on an empty database: the operating system holds it for the process and
 * lets go of it when the process ends in whatever way, kill -9 included, so it is never stale. (Nothing else in
 * this process may open the file: POSIX drops a process's locks when it closes any descriptor of the file.)
 *
 * @throws DataFolderTaken, or OperatorError when the folder cannot be made or written
 */
export function lockDataFolder(folder: string): DataFolderLock {
  makeDataFolder(folder);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const { errcode, message } = error as { errcode?: unknown; message?: string };
    if (errcode !== sqliteBusy) {
      throw new OperatorError(
        `Cannot lock the data in ${folder} (${message}). Is HONGBAO_DATA a folder that this user may write?`,
        { cause: error },
      );
    }
    throw new DataFolderTaken(
      `Another hongbao already runs on the data in ${folder}. Stop it first, ` +
        'or set HONGBAO_DATA to another folder (and HONGBAO_PORT to another port).',
    );
  }
  const held = database;
  return { release: () => held.close() };
}

/**
 * Whether a process holds the folder's lock. Makes nothing: it reads the lock file, which is refused while somebody
 * else has it for himself. (Who starts in the microseconds in which this reads it finds the folder taken.) Not for the
 * holder itself (see `lockDataFolder`).
 */
export function dataFolderIsTaken(folder: string): boolean {
  const file = join(folder, 'lock');
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    database.prepare('select 1 from sqlite_schema').get();
    return false;
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode === sqliteBusy) return true;
    throw error;
  } finally {
    database.close();
  }
}

/**
 * Makes the folder when it is missing. Nobody else may list it. Root lets others pass through, since PostgreSQL
 * runs as another user and its cluster is in there; every secret inside is closed by itself.
 */
function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is a file' : String(error);
    throw new OperatorError(
      `HONGBAO_DATA names ${folder}, which cannot be the data folder: ${why}. Set it to another path.`,
      { cause: error },
    );
  }
}
