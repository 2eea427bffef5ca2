import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeCluster } from '../../../infra/postgres/embedded/placement.ts';
import { lockDataFolder } from '../../../infra/supervisor/data-folder-lock.ts';
import { useEngines } from '../../../infra/supervisor/engines.ts';
import { loadSettings } from '../../../src/config/settings.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startSupervised } from './supervised-server.ts';

let dataFolder: string;
beforeEach(() => {
  dataFolder = temporaryFolder();
});
afterEach(() => {
  removeCluster(join(dataFolder, 'postgres'));
  rmSync(dataFolder, { recursive: true, force: true });
});

const use = <T>(work: Parameters<typeof useEngines<T>>[1], env: Record<string, string> = {}): Promise<T> =>
  useEngines(
    {
      settings: loadSettings({ HONGBAO_DATA: dataFolder, ...env }),
      runtime: systemRuntime(),
      logger: pino({ level: 'silent' }),
    },
    work,
  );

async function answers(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('a command that needs the engines', () => {
  it('starts them for itself when no server runs, and stops them, even when it fails', async () => {
    const engines = await use(async (urls) => {
      expect(await answers(urls.databaseUrl)).toBe(true);
      return urls;
    });
    expect(await answers(engines.databaseUrl)).toBe(false);

    await expect(use(() => Promise.reject(new Error('my own')))).rejects.toThrow('my own');
    expect(await answers(engines.databaseUrl)).toBe(false);
    lockDataFolder(dataFolder).release();
  });

  it('uses those of the server that runs on the data, and leaves them running', async () => {
    const server = startSupervised(dataFolder, 'small-app');
    const { ready } = await server.next();
    const engines = await use((urls) => Promise.resolve(urls));
    expect(engines).toEqual({ databaseUrl: ready?.databaseUrl, esdbUrl: ready?.esdbUrl });
    expect(await answers(engines.databaseUrl)).toBe(true);
    server.process.kill('SIGTERM');
    await server.exited;
  });

  it('says so when the server on the data is not ready yet', async () => {
    const lock = lockDataFolder(dataFolder);
    await expect(use(() => Promise.resolve())).rejects.toThrow(
      'is starting or stopping. Try again in a moment.',
    );
    lock.release();
  });

  it('uses outside engines as they are, and touches no data folder', async () => {
    const lock = lockDataFolder(dataFolder);
    const outside = { ESDB_URL: 'esdb://elsewhere:2113', DATABASE_URL: 'postgres://elsewhere/x' };
    expect(await use((urls) => Promise.resolve(urls), outside)).toEqual({
      esdbUrl: 'esdb://elsewhere:2113',
      databaseUrl: 'postgres://elsewhere/x',
    });
    lock.release();
  });
});
