import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { keeperCommand } from '../postgres/embedded/start-keeper.ts';
import type { ChildCommand } from './child.ts';
import { type ChildRecord, createChildRecord, endRecordedChildren } from './child-record.ts';
import { DataFolderTaken, lockDataFolder } from './data-folder-lock.ts';
import { readEndpoints, removeEndpoints } from './endpoints.ts';
import { keptPorts } from './kept-ports.ts';
import { type Stage, Supervisor, type Urls } from './supervisor.ts';

export interface EngineUrls {
  readonly databaseUrl: string;
  readonly esdbUrl: string;
}

/** The data folder taken for this process, with nobody else at work on it. */
export interface OwnedDataFolder {
  readonly childRecord: ChildRecord;
  release(): void;
}

/** Takes the data folder and sees off what a killed supervisor left behind. Throws `DataFolderTaken`. */
export async function takeDataFolder(
  dataFolder: string,
  runtime: Runtime,
  logger: Logger,
): Promise<OwnedDataFolder> {
  const lock = lockDataFolder(dataFolder);
  try {
    removeEndpoints(dataFolder);
    const recordFile = join(dataFolder, 'children.json');
    await endRecordedChildren(recordFile, runtime, logger);
    return { childRecord: createChildRecord(recordFile), release: lock.release };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The embedded engines that the settings do not replace by outside ones. Neither needs the other, so they
 * start side by side.
 */
export async function engineStage(settings: Settings, runtime: Runtime): Promise<Stage> {
  const { dataFolder, logLevel } = settings;
  const ports = await keptPorts(join(dataFolder, 'ports.json'), ['postgres', 'events'], runtime.random);
  const env = { HONGBAO_LOG_LEVEL: logLevel, LOG_LEVEL: logLevel };
  const postgres = (): ChildCommand => ({
    ...keeperCommand({ folder: join(dataFolder, 'postgres'), port: ports.postgres }),
    env,
  });
  const eventsFolder = join(dataFolder, 'events');
  const events = (): ChildCommand => ({
    name: 'events',
    file: fileURLToPath(new URL('../eventstore/embedded/main.ts', import.meta.url)),
    args: ['--data', eventsFolder, '--host', '127.0.0.1', '--port', String(ports.events)],
    env,
  });
  if (settings.esdbUrl === undefined) mkdirSync(eventsFolder, { recursive: true, mode: 0o700 });
  return [
    ...(settings.databaseUrl === undefined ? [{ name: 'postgres', command: postgres }] : []),
    ...(settings.esdbUrl === undefined ? [{ name: 'events', command: events }] : []),
  ];
}

/** Where the engines are: outside ones by the settings, embedded ones by what they said. */
export function engineUrls(settings: Settings, urls: Urls): EngineUrls {
  const databaseUrl = settings.databaseUrl ?? urls.get('postgres');
  const esdbUrl = settings.esdbUrl ?? urls.get('events');
  if (databaseUrl === undefined || esdbUrl === undefined)
    throw new Error('asked for engines before they serve');
  return { databaseUrl, esdbUrl };
}

export interface UseEnginesOptions {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/**
 * Runs `work` with the engines of the settings, for a command beside the server: outside engines, or those of
 * the server that runs on the data folder, or embedded ones started for as long as the work takes.
 *
 * @throws Error with a sentence when the server on the data folder is just starting or stopping, or an engine
 * does not start.
 */
export async function useEngines<T>(
  { settings, runtime, logger }: UseEnginesOptions,
  work: (engines: EngineUrls) => Promise<T>,
): Promise<T> {
  const { esdbUrl, databaseUrl, dataFolder } = settings;
  if (esdbUrl !== undefined && databaseUrl !== undefined) return work({ esdbUrl, databaseUrl });

  const folder = await takeDataFolder(dataFolder, runtime, logger).catch((error: unknown) => {
    if (error instanceof DataFolderTaken) return undefined;
    throw error;
  });
  if (folder === undefined) {
    const running = readEndpoints(dataFolder);
    if (running) return work({ esdbUrl: running.esdbUrl, databaseUrl: running.databaseUrl });
    throw new OperatorError(
      `The hongbao on the data in ${dataFolder} is starting or stopping. Try again in a moment.`,
    );
  }
  try {
    return await withOwnEngines({ settings, runtime, logger }, folder, work);
  } finally {
    folder.release();
  }
}

/** Named so that it is not started: nobody asks it for anything. */
const noDatabase = 'postgres://nobody@127.0.0.1:1/none';

/**
 * The same for a command that needs the log alone: no database is started for it. `alone`: it must not share the log
 * with a server, and is refused while one runs on the data folder.
 *
 * @throws DataFolderTaken, and what `useEngines` throws.
 */
export async function useEventNode<T>(
  { settings, runtime, logger, alone }: UseEnginesOptions & { readonly alone: boolean },
  work: (esdbUrl: string) => Promise<T>,
): Promise<T> {
  const { esdbUrl, dataFolder } = settings;
  if (esdbUrl !== undefined) return work(esdbUrl);
  const withoutDatabase = { ...settings, databaseUrl: noDatabase };
  const options = { settings: withoutDatabase, runtime, logger };
  if (!alone) return useEngines(options, (engines) => work(engines.esdbUrl));
  const folder = await takeDataFolder(dataFolder, runtime, logger);
  try {
    return await withOwnEngines(options, folder, (engines) => work(engines.esdbUrl));
  } finally {
    folder.release();
  }
}

async function withOwnEngines<T>(
  { settings, runtime, logger }: UseEnginesOptions,
  { childRecord }: OwnedDataFolder,
  work: (engines: EngineUrls) => Promise<T>,
): Promise<T> {
  const supervisor = new Supervisor({
    stages: [await engineStage(settings, runtime)],
    stderr: 'ignore',
    onSpawn: childRecord.add,
    runtime,
    logger,
  });
  try {
    const urls = await supervisor.start();
    if (urls === undefined) {
      const end = await supervisor.ended;
      throw new OperatorError(end.kind === 'failed' ? end.sentence : 'The engines were stopped.');
    }
    return await work(engineUrls(settings, urls));
  } finally {
    await supervisor.stop();
    childRecord.clear();
  }
}
