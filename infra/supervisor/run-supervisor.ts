import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { OperatorError } from '../../src/config/operator-error.ts';
import { environmentOf, type Settings } from '../../src/config/settings.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { ChildCommand } from './child.ts';
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { engineStage, engineUrls, takeDataFolder } from './engines.ts';
import { keptPorts } from './kept-ports.ts';
import { freeLoopbackPort, portIsFree } from './loopback-port.ts';
import { masterKeyText } from './master-key-file.ts';
import { listenForStop } from './stop-signals.ts';
import { type Stage, Supervisor, type SupervisorEnd, type Urls } from './supervisor.ts';

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
  if (settings.projectors > 0 && !settings.roles.includes('projector'))
    throw new StartRefused(noProjectorRole);
  const folder = await takeDataFolder(settings.dataFolder, runtime, logger);
  try {
    const supervisor = new Supervisor({
      stages: [
        await engineStage(settings, runtime),
        await projectorStage(settings, options),
        await appStage(settings, options),
      ],
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
        const projectorUrls = [...urls].filter(([name]) => isProjector(name)).map(([, url]) => url);
        const endpoints = { ...engineUrls(settings, urls), httpUrl, projectorUrls, pid: process.pid };
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
async function appStage(settings: Settings, options: RunSupervisorOptions): Promise<Stage> {
  const { runtime } = options;
  const port = settings.port === 0 ? await freeLoopbackPort(runtime.random) : settings.port;
  await refuseTakenPort(port, settings.host);
  const { roles } = divideRoles(settings);
  const hearsBus = roles.includes('gateway');
  return [{ name: 'app', hearsBus, command: appCommand('app', { ...settings, port, roles }, options) }];
}

/**
 * The processes that keep the read models when the application does not. They stop after it, so that what it still
 * answers shows what was written, and serve their health on loopback ports that stay the same.
 */
async function projectorStage(settings: Settings, options: RunSupervisorOptions): Promise<Stage> {
  const { projectors } = divideRoles(settings);
  if (projectors.length === 0) return [];
  const file = join(settings.dataFolder, 'ports.json');
  const ports = await keptPorts(file, projectors, options.runtime.random);
  return projectors.map((name) => {
    const own = { ...settings, host: '127.0.0.1', port: ports[name] ?? 0, roles: ['projector'] as const };
    return { name, command: appCommand(name, own, options) };
  });
}

/** Who does what. With nothing else to do, the application itself is one of the projectors. */
function divideRoles({ roles, projectors }: Settings): {
  readonly roles: Settings['roles'];
  readonly projectors: readonly string[];
} {
  const others = roles.filter((role) => role !== 'projector');
  const isOne = projectors > 0 && others.length === 0;
  return {
    roles: projectors === 0 || isOne ? roles : others,
    projectors: Array.from(
      { length: isOne ? projectors - 1 : projectors },
      (_, index) => `projector-${index + 1}`,
    ),
  };
}

function isProjector(name: string): boolean {
  return name.startsWith('projector-');
}

function appCommand(
  name: string,
  settings: Settings,
  { app, runtime }: RunSupervisorOptions,
): (urls: Urls) => ChildCommand {
  const masterKey = masterKeyText(settings, runtime.random);
  return (urls) => ({
    name,
    file: app.file,
    args: app.args ?? [],
    nodeOptions: app.nodeOptions ?? [],
    env: environmentOf({ ...settings, ...engineUrls(settings, urls), masterKey }),
  });
}

const noProjectorRole =
  'HONGBAO_PROJECTORS asks for processes that keep the read models, but HONGBAO_ROLES leaves the projector out. Add projector to the roles, or set HONGBAO_PROJECTORS to 0.';

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
