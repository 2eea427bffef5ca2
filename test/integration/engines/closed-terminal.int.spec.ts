import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeCluster } from '../../../infra/postgres/embedded/placement.ts';
import { readEndpoints } from '../../../infra/supervisor/endpoints.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { isAlive, until } from './supervised-server.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
let folder: string;
let closed: Promise<unknown>;

beforeEach(() => {
  folder = temporaryFolder();
  closed = Promise.resolve();
});
afterEach(async () => {
  const left = readEndpoints(join(folder, 'data'))?.pid;
  if (left !== undefined && isAlive(left)) process.kill(left, 'SIGTERM');
  await closed;
  removeCluster(join(folder, 'data/postgres'));
  rmSync(folder, { recursive: true, force: true });
});

/** Starts `hongbao up` with this redirection into a pipe that nobody reads. */
function upIntoClosedPipe(redirection: string): { dataFolder: string; exitCode: () => Promise<string> } {
  const dataFolder = join(folder, 'data');
  const shell = spawn('sh', ['-c', `{ "$NODE" "$MAIN" up ${redirection}; echo $? > "$CODE"; } | :`], {
    env: {
      PATH: process.env.PATH,
      NODE: process.execPath,
      MAIN: mainFile,
      CODE: join(folder, 'code'),
      HONGBAO_DATA: dataFolder,
      HONGBAO_PORT: '0',
    },
    stdio: 'ignore',
  });
  closed = new Promise((resolve) => shell.once('close', resolve));
  return {
    dataFolder,
    async exitCode() {
      await closed;
      return readFileSync(join(folder, 'code'), 'utf8').trim();
    },
  };
}

describe('hongbao up without a reader', () => {
  it.each([
    ['stdout', '2>/dev/null'],
    ['stderr', '2>&1 >/dev/null'],
    ['both', '2>&1'],
  ])('of %s serves, and stops in order on SIGHUP', async (_which, redirection) => {
    const { dataFolder, exitCode } = upIntoClosedPipe(redirection);
    await until(() => readEndpoints(dataFolder) !== undefined);
    const { httpUrl, pid } = readEndpoints(dataFolder)!;
    expect((await fetch(`${httpUrl}/health/live`)).status).toBe(200);

    process.kill(pid, 'SIGHUP');
    expect(await exitCode()).toBe('0');
    for (const file of ['endpoints.json', 'children.json']) {
      expect(existsSync(join(dataFolder, file)), file).toBe(false);
    }
  });
});
