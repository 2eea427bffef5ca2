import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { OperatorError } from '../../src/config/operator-error.ts';
import { environmentOf, type Settings } from '../../src/config/settings.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { engineStage, engineUrls, takeDataFolder } from './engines.ts';
import { freeLoopbackPort, portIsFree } from './loopback-port.ts';
import { masterKeyText } from './master-key-file.ts';
import { listenForStop } from './stop-signals.ts';
import { type Stage, Supervisor, type SupervisorEnd } from './supervisor.ts';

export interface AppProgram {
  /** Started with every setting in its environment, ESDB_URL, DATABASE_URL and HONGBAO_MASTER_KEY included. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

export interface RunSupervisorOptions {
  readonly settings: Settings;
  readonly app: AppProgram;
  /** Where the children's logs go: our stderr, or the descriptor of an open file. */
  readonly stderr: 'inherit' | 'ignore' | number;
  /** Everything serves. */
  readonly onReady: (endpoints: Endpoints) => void;
  /** The first request to stop arrived. */
  readonly onStopping?: () => void;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/** The server cannot start. The message is a sentence for the operator. */
export class StartRefused extends OperatorError {
  override readonly name = 'StartRefused';
}

/**
 * `hongbao up`: starts the engines and the application, keeps them up, and returns when they are stopped, on
 * SIGINT, SIGTERM or SIGHUP, when our own parent lets go of us, or because a child could not be kept. A second
 * request to stop hurries. No process is left behind.
 *
 * @throws DataFolderTaken, StartRefused, or an Error with a sentence, before anything was started.
 */
export async function runSupervisor(options: RunSupervisorOptions): Promise<SupervisorEnd> {
  const { runtime, logger } = options;
  const settings = { ...options.settings, dataFolder: resolve(options.settings.dataFolder) };
  const folder = await takeDataFolder(settings.dataFolder, runtime, logger);
  try {
    const supervisor = new Supervisor({
      stages: [await engineStage(settings, runtime), await appStage(settings, options)],
      stderr: options.stderr,
      onSpawn: folder.childRecord.add,
      runtime,
      logger,
    });
    const stopListening = listenForStop(runtime, (request) => {
      if (request === 'again') return supervisor.hurry();
      options.onStopping?.();
      void supervisor.stop();
    });
    try {
      const urls = await supervisor.start();
      const httpUrl = urls?.get('app');
      if (urls && httpUrl !== undefined) {
        const endpoints = { ...engineUrls(settings, urls), httpUrl, pid: process.pid };
        writeEndpoints(settings.dataFolder, endpoints);
        options.onReady(endpoints);
      }
      return await supervisor.ended;
    } finally {
      await supervisor.stop();
      stopListening();
      removeEndpoints(settings.dataFolder);
      folder.childRecord.clear();
    }
  } finally {
    folder.release();
  }
}

/** The application, on a port that is fixed now, so that clients find it again when it is started again. */
async function appStage(settings: Settings, { app, runtime }: RunSupervisorOptions): Promise<Stage> {
  const port = settings.port === 0 ? await freeLoopbackPort(runtime.random) : settings.port;
  await refuseTakenPort(port, settings.host);
  const masterKey = masterKeyText(settings, runtime.random);
  return [
    {
      name: 'app',
      command: (urls) => ({
        name: 'app',
        file: app.file,
        args: app.args ?? [],
        nodeOptions: app.nodeOptions ?? [],
        env: environmentOf({ ...settings, ...engineUrls(settings, urls), port, masterKey }),
      }),
    },
  ];
}

/** Asked before anything is started, so that the answer comes at once. */
async function refuseTakenPort(port: number, host: string): Promise<void> {
  const free = await portIsFree(port, host).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartRefused(
      `Cannot serve on ${host}, port ${port} (${why}). Set HONGBAO_HOST and HONGBAO_PORT to what this machine has.`,
    );
  });
  if (!free) throw new StartRefused(portTaken(port, host));
}

/** What to tell the operator when somebody else listens there. */
export function portTaken(port: number, host: string): string {
  return `Port ${port} on ${host} is taken by another program. Stop that, or set HONGBAO_PORT to another port.`;
}
