import { mkdirSync } from 'node:fs';
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
 * @throws DataFolderTaken
 */
export function lockDataFolder(folder: string): DataFolderLock {
  makeDataFolder(folder);
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: unknown }).errcode !== sqliteBusy) throw error;
    throw new DataFolderTaken(
      `Another hongbao already runs on the data in ${folder}. Stop it first, ` +
        'or set HONGBAO_DATA to another folder (and HONGBAO_PORT to another port).',
    );
  }
  return { release: () => database.close() };
}

/**
 * Makes the folder when it is missing. Nobody else may list it. Root lets others pass through, since PostgreSQL runs as another user and its
 * cluster is in there; every secret inside is closed by itself.
 */
export function makeDataFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
}
