import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startChild } from '../../infra/supervisor/child.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { TestServer } from './server.ts';

export interface SecondApp {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Another application process on the engines of a running server, as on a second machine. */
export async function startSecondApp(
  server: TestServer,
  env: Record<string, string> = {},
): Promise<SecondApp> {
  const { databaseUrl, esdbUrl } = server.endpoints();
  const child = startChild(
    {
      name: 'second app',
      file: fileURLToPath(new URL('../../src/cli/app-process.ts', import.meta.url)),
      args: [],
      env: {
        ...server.env,
        HONGBAO_PORT: '0',
        HONGBAO_MASTER_KEY: readFileSync(join(server.dataFolder, 'master.key'), 'utf8').trim(),
        DATABASE_URL: databaseUrl,
        ESDB_URL: esdbUrl,
        ...env,
      },
    },
    { runtime: systemRuntime(), logger: pino({ level: 'silent' }), stderr: 'ignore' },
  );
  const { listening } = await child.ready;
  return { url: listening, pid: child.pid, stop: () => child.stop(10_000) };
}
