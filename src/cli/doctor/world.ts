import type pg from 'pg';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import { createPool } from '../../../infra/postgres/pool.ts';
import type { EventLog, Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { loadSettings, type Settings, SettingsError } from '../../config/settings.ts';
import { readLogEpoch } from '../../projections/log-epoch-reader.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type FolderUse, folderUse } from './data-folder-state.ts';
import { wordsOf } from './finding.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Something that checks ask: it is there, it should be and does not answer, or nothing is meant to be there now. */
export type Reach<Thing> =
  | { readonly kind: 'there'; readonly it: Thing }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'stopped'; readonly why: string };

export interface Store {
  readonly url: string;
  readonly log: EventLog;
  readonly head: Position;
  /** The name of the log's history; empty before the first start. */
  readonly epoch: string;
}

/** What the checks look at. What several ask is asked once. */
export interface World {
  readonly env: Environment;
  readonly runtime: Runtime;
  /** Undefined when they are wrong. */
  readonly settings: Settings | undefined;
  readonly settingsProblems: readonly string[];
  readonly folder: FolderUse;
  store(): Promise<Reach<Store>>;
  database(): Promise<Reach<pg.Pool>>;
  /** Lets go of all that was connected. */
  close(): Promise<void>;
}

/** Looks at the settings and the data folder; connects to nothing yet. */
export function openWorld(env: Environment, runtime: Runtime): World {
  const { settings, problems } = parsed(env);
  const folder: FolderUse =
    settings === undefined ? { kind: 'free', leftovers: false } : folderUse(settings.dataFolder);
  const closers: (() => Promise<void>)[] = [];
  const once = <Thing>(engine: 'esdbUrl' | 'databaseUrl', connect: (url: string) => Promise<Thing>) => {
    let asked: Promise<Reach<Thing>> | undefined;
    return () => (asked ??= reach(urlOf(engine, settings, folder), connect));
  };
  return {
    env,
    runtime,
    settings,
    settingsProblems: problems,
    folder,
    store: once('esdbUrl', (url) => connectStore(url, runtime, closers)),
    database: once('databaseUrl', (url) => connectDatabase(url, closers)),
    close: async () => void (await Promise.allSettled(closers.map((close) => close()))),
  };
}

function parsed(env: Environment): { settings: Settings | undefined; problems: readonly string[] } {
  try {
    return { settings: loadSettings(env), problems: [] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { settings: undefined, problems: error.problems };
  }
}

/** Where an engine is, by the settings or by the server that runs; or why it is nowhere. */
function urlOf(
  engine: 'esdbUrl' | 'databaseUrl',
  settings: Settings | undefined,
  folder: FolderUse,
): { readonly url: string } | { readonly why: string } {
  if (settings === undefined) return { why: 'The settings are wrong.' };
  const outside = settings[engine];
  if (outside !== undefined) return { url: outside };
  const what = engine === 'esdbUrl' ? 'The embedded event node' : 'The embedded PostgreSQL';
  if (folder.kind === 'serving') return { url: folder.endpoints[engine] };
  if (folder.kind === 'busy') return { why: `${what} belongs to a server that is starting or stopping.` };
  return { why: `${what} is stopped, since no server runs on the data folder.` };
}

async function reach<Thing>(
  at: { readonly url: string } | { readonly why: string },
  connect: (url: string) => Promise<Thing>,
): Promise<Reach<Thing>> {
  if ('why' in at) return { kind: 'stopped', why: at.why };
  try {
    return { kind: 'there', it: await connect(at.url) };
  } catch (error) {
    return { kind: 'failed', why: wordsOf(error) };
  }
}

const logger = pino({ level: 'silent' });

async function connectStore(url: string, runtime: Runtime, closers: (() => Promise<void>)[]): Promise<Store> {
  const log = createEventStoreEventLog({ url, runtime, logger });
  closers.push(() => log.close());
  const head = await log.head();
  return { url, log, head, epoch: await readLogEpoch(log) };
}

async function connectDatabase(databaseUrl: string, closers: (() => Promise<void>)[]): Promise<pg.Pool> {
  const pool = createPool({
    databaseUrl,
    applicationName: 'hongbao doctor',
    connectionsMax: limits.doctor.databaseConnectionsMax,
    statementTimeoutMs: limits.doctor.checkMs,
    // It changes nothing, not even by mistake.
    readOnly: true,
    logger,
  });
  closers.push(() => pool.end());
  await pool.query('select 1');
  return pool;
}
