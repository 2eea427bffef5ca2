import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoints, readEndpoints } from '../../infra/supervisor/endpoints.ts';
import { removeDataFolder } from '../../infra/supervisor/remove-data-folder.ts';
import { type SpawnedServer, spawnServer } from '../../src/cli/spawn-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface TestServer {
  readonly url: string;
  readonly dataFolder: string;
  /** What a command of the CLI needs to find this server and its data. */
  readonly env: Readonly<Record<string, string>>;
  /** The supervisor's process. */
  readonly supervisor: SpawnedServer['process'];
  endpoints(): Endpoints;
  /** Resolves when every part answers, after something was killed. */
  ready(): Promise<void>;
  /** Stops it in order, as Ctrl-C does, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Stops it in order, as Ctrl-C does. */
  stop(): Promise<void>;
  /** Starts it again after it was killed or stopped. */
  start(): Promise<void>;
  /** Stops everything and removes the data. */
  close(): Promise<void>;
}

/** The whole of hongbao, as `npm start` runs it, on a fresh data folder and a free port; `extra` are more settings. */
export async function startServer(extra: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const dataFolder = join(temporaryFolder(), 'data');
  const settings = { HONGBAO_DATA: dataFolder, HONGBAO_LOG_LEVEL: 'warn', ...extra };
  let server = await spawnServer({ ...settings, HONGBAO_PORT: '0' });
  const env = { ...settings, HONGBAO_PORT: new URL(server.url).port };

  return {
    url: server.url,
    dataFolder,
    env,
    get supervisor() {
      return server.process;
    },
    endpoints() {
      const endpoints = readEndpoints(dataFolder);
      if (endpoints === undefined) throw new Error('the server is not serving');
      return endpoints;
    },
    async ready() {
      while (!(await isReady(server.url)));
    },
    async restart() {
      await server.stop();
      server = await spawnServer(env);
    },
    async stop() {
      await server.stop();
    },
    async start() {
      server = await spawnServer(env);
    },
    async close() {
      await server.stop();
      removeDataFolder(dataFolder);
      rmSync(join(dataFolder, '..'), { recursive: true, force: true });
    },
  };
}

/** Asks once; the server itself takes a moment to find out that a part does not answer. */
async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    // Nobody listens yet: let the machine get on with it before the next question.
    await new Promise((resolve) => setImmediate(resolve));
    return false;
  }
}
