import { existsSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderTaken, lockDataFolder } from '../../infra/supervisor/data-folder-lock.ts';
import { openLogFile } from '../../src/cli/log-file.ts';
import { limits } from '../../src/config/limits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const sizeBytes = limits.cli.logFileBytesMax + 1;
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'hongbao.log'), '');
  truncateSync(join(folder, 'hongbao.log'), sizeBytes);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a log that is full', () => {
  it('is put aside at the next start', () => {
    const { path } = openLogFile(folder);
    expect(statSync(path).size).toBe(0);
    expect(statSync(`${path}.1`).size).toBe(sizeBytes);
  });

  it('stays where it is while a server runs on the folder and writes it', () => {
    const lock = lockDataFolder(folder);
    expect(() => openLogFile(folder)).toThrow(DataFolderTaken);
    expect(statSync(join(folder, 'hongbao.log')).size).toBe(sizeBytes);
    expect(existsSync(join(folder, 'hongbao.log.1'))).toBe(false);
    lock.release();
  });
});
