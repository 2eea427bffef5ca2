import { existsSync, openSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockDataFolder } from '../../infra/supervisor/data-folder-lock.ts';
import { limits } from '../config/limits.ts';

export interface LogFile {
  readonly path: string;
  /** Open for appending. */
  readonly descriptor: number;
}

/**
 * The log of everything that runs on a data folder. A full one becomes `hongbao.log.1` at the next start, in
 * place of the one before: a developer's folder does not grow without bound. That needs the folder's lock for a
 * moment, since a server that runs writes to it.
 *
 * @throws DataFolderTaken
 */
export function openLogFile(dataFolder: string): LogFile {
  const lock = lockDataFolder(resolve(dataFolder));
  try {
    const path = join(dataFolder, 'hongbao.log');
    if (existsSync(path) && statSync(path).size > limits.cli.logFileBytesMax) renameSync(path, `${path}.1`);
    return { path, descriptor: openSync(path, 'a', 0o600) };
  } finally {
    lock.release();
  }
}
