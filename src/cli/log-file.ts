import { existsSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataFolder } from '../../infra/supervisor/data-folder-lock.ts';
import { limits } from '../config/limits.ts';

export interface LogFile {
  readonly path: string;
  /** Open for appending. */
  readonly descriptor: number;
}

/**
 * The log of everything that runs on a data folder. A full one becomes `hongbao.log.1` at the next start, in
 * place of the one before: a developer's folder does not grow without bound.
 */
export function openLogFile(dataFolder: string): LogFile {
  makeDataFolder(dataFolder);
  const path = join(dataFolder, 'hongbao.log');
  if (existsSync(path) && statSync(path).size > limits.cli.logFileBytesMax) renameSync(path, `${path}.1`);
  return { path, descriptor: openSync(path, 'a', 0o600) };
}
