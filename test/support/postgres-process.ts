import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { pino } from 'pino';
import { serverOn } from '../../infra/postgres/embedded/leftovers.ts';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import { type Keeper, startKeeper } from '../../infra/postgres/embedded/start-keeper.ts';
import { migrate } from '../../infra/postgres/migrate.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A PostgreSQL of a test's own, which it can crash, with a pool on its migrated database. */
export interface PostgresProcess {
  readonly pool: pg.Pool;
  /** Ends it at once, without a checkpoint, in the middle of whatever is under way. Resolves when it is gone. */
  crash(): Promise<void>;
  /** Starts it again on its data and its port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one, with fsync: what it has after a crash is what its own recovery finds. */
export async function startPostgresProcess(): Promise<PostgresProcess> {
  const folder = join(temporaryFolder(), 'postgres');
  let keeper: Keeper = await startKeeper({ folder });
  const { url, port } = { url: keeper.url, port: Number(new URL(keeper.url).port) };
  const logger = pino({ level: 'silent' });
  const pool = createPool({ databaseUrl: url, applicationName: 'test', logger });
  await migrate(pool, logger);
  return {
    pool,
    async crash() {
      const pid = serverOn(clusterOf(folder));
      if (pid === undefined) throw new Error('PostgreSQL is not running');
      process.kill(pid, 'SIGQUIT');
      await keeper.ended;
    },
    async start() {
      keeper = await startKeeper({ folder, port });
    },
    async close() {
      await pool.end();
      await keeper.stop();
      removeCluster(folder);
      rmSync(join(folder, '..'), { recursive: true, force: true });
    },
  };
}

/** A cluster that its user could not reach below the data folder is elsewhere, and a file says where. */
export function clusterOf(folder: string): string {
  const location = join(folder, 'location');
  return realpathSync(join(existsSync(location) ? readFileSync(location, 'utf8').trim() : folder, 'cluster'));
}
