import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import pg from 'pg';
import type { Logger } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import { OperatorError } from '../../../src/config/operator-error.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { freeLoopbackPort } from '../../supervisor/loopback-port.ts';
import { usableBinaries } from './binaries.ts';
import { type Credentials, credentialsIn } from './credentials.ts';
import { runAs } from './engine-user.ts';
import { engineEnvironment, initialiseCluster } from './initialise.ts';
import { stopLeftovers } from './leftovers.ts';
import { placeCluster } from './placement.ts';

export interface EmbeddedPostgresOptions {
  /** Where the cluster, its passwords and its whereabouts are kept. Created when missing. */
  readonly folder: string;
  /** The loopback port to serve on; a free one when it is left out. */
  readonly port?: number;
  /** `false` does without fsync: for tests whose data may be lost with the machine. */
  readonly durable?: boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Aborted: the start is given up, and what it has started so far is stopped before it rejects. */
  readonly signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  /** For the application: role `hongbao`, which owns the database `hongbao`. */
  readonly url: string;
  /** For administration: role `postgres`, a superuser. */
  readonly adminUrl: string;
  /** Resolves when the server has ended, asked or not. */
  readonly ended: Promise<void>;
  /** Ends it: open transactions are rolled back, what is committed is on disk. Safe to call again. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on loopback and resolves when it answers queries, after crash recovery if there was a
 * crash. Never two servers on one folder: one that an earlier run left behind is stopped first. The caller
 * must hold the data folder's lock.
 *
 * @throws Error with a sentence for the operator: no binaries, no user to run as, the port is taken, ...
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { folder, runtime, logger, durable = true } = options;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const credentials = credentialsIn(folder, runtime.random);
  const placement = placeCluster(folder, runtime.random);
  const binaries = await usableBinaries(placement.user);
  await stopLeftovers(placement.cluster, runtime, logger);
  await initialiseCluster(placement, binaries.initdb, credentials.adminPassword, durable);

  options.signal?.throwIfAborted();
  const port = options.port ?? (await freeLoopbackPort(runtime.random));
  const server = spawn(binaries.postgres, ['-D', placement.cluster, ...serverSettings(port, durable)], {
    cwd: '/',
    env: engineEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: a Ctrl-C in the terminal must reach the supervisor only, which stops in order.
    detached: true,
    ...runAs(placement.user),
  });
  const engine = attend(server, runtime, logger);
  const urls = {
    url: `postgres://hongbao:${credentials.appPassword}@127.0.0.1:${port}/hongbao`,
    adminUrl: `postgres://postgres:${credentials.adminPassword}@127.0.0.1:${port}/postgres`,
  };
  try {
    await untilReady(urls, credentials, engine, runtime, options.signal);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return { ...urls, ended: engine.ended, stop: engine.stop };
}

/** Settings of the server, given at every start so that they follow the code and not the age of the cluster. */
function serverSettings(port: number, durable: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(limits.postgres.serverConnectionsMax),
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    // One server without replicas: less log to write, and COPY into a new table needs none.
    wal_level: 'minimal',
    max_wal_senders: '0',
    wal_compression: 'on',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    // Short queries only: compiling them costs more than it saves.
    jit: 'off',
    log_checkpoints: 'off',
    log_min_messages: 'warning',
    log_line_prefix: '',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface AttendedServer {
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  /** The last line that says why the server would not start. */
  complaint(): string | undefined;
  hasEnded(): boolean;
}

/** Relays the server's log, notices its end, and knows how to end it. */
function attend(server: ChildProcess, runtime: Runtime, logger: Logger): AttendedServer {
  let complaint: string | undefined;
  let over = false;
  let stopping: Promise<void> | undefined;

  if (server.stderr) {
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (/^(FATAL|PANIC):/.test(line)) complaint = line;
      if (/^(WARNING|ERROR|FATAL|PANIC):/.test(line)) logger.warn({ engine: 'postgres' }, line);
      else logger.debug({ engine: 'postgres' }, line);
    });
  }
  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      over = true;
      resolve();
    };
    server.once('exit', finish);
    server.once('error', (error) => {
      complaint = error.message;
      if (server.pid === undefined) finish();
    });
  });

  const stop = async (): Promise<void> => {
    server.kill('SIGINT'); // fast: ends sessions, writes a checkpoint
    const immediate = runtime.timers.after(limits.postgres.fastStopMs, () => server.kill('SIGQUIT'));
    const kill = runtime.timers.after(limits.postgres.fastStopMs + limits.postgres.immediateStopMs, () =>
      server.kill('SIGKILL'),
    );
    await ended;
    immediate.cancel();
    kill.cancel();
  };
  return {
    ended,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    complaint: () => complaint,
    hasEnded: () => over,
  };
}

/** Polls until the application's role can query its database; makes the two when this is the first start. */
async function untilReady(
  urls: { readonly url: string; readonly adminUrl: string },
  credentials: Credentials,
  server: AttendedServer,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + limits.postgres.startMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask(urls.url, 'select 1');
    if (answer === 'done') return;
    if (answer === 'no such role or database') await makeDatabase(urls.adminUrl, credentials);
    if (server.hasEnded()) {
      throw new OperatorError(
        `PostgreSQL did not start: ${server.complaint() ?? 'it ended without saying why'}`,
      );
    }
    if (runtime.clock.monotonicMs() > deadlineMs) {
      throw new OperatorError(`PostgreSQL did not answer within ${limits.postgres.startMs / 1000} s.`);
    }
    if (answer === 'not ready') await runtime.timers.sleep(limits.postgres.readyPollMs);
  }
}

type Answer = 'done' | 'not ready' | 'no such role or database';

async function ask(url: string, sql: string): Promise<Answer> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // reported by the query or the connect that it breaks
  try {
    await client.connect();
    await client.query(sql);
    return 'done';
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // 28P01: a role that does not exist looks like a wrong password. 3D000: no such database.
    if (code === '28P01' || code === '3D000') return 'no such role or database';
    // Refused: not listening yet. 57P03: starting up, in recovery. The rest is seen when the server ends.
    return 'not ready';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Creates the application's role and database. Repeatable, for a crash between the two. */
async function makeDatabase(adminUrl: string, credentials: Credentials): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const role = await client.query(`select from pg_roles where rolname = 'hongbao'`);
    const verb = role.rowCount === 0 ? 'create' : 'alter';
    // The password is base64url: it holds nothing that would end the literal.
    await client.query(`${verb} role hongbao login password '${credentials.appPassword}'`);
    const database = await client.query(`select from pg_database where datname = 'hongbao'`);
    if (database.rowCount === 0) await client.query('create database hongbao owner hongbao');
  } finally {
    await client.end();
  }
}
