import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import { startKeeper } from '../../infra/postgres/embedded/start-keeper.ts';
import { migrate } from '../../infra/postgres/migrate.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { templateDatabase, testDatabaseUrl, testRole } from './test-database-url.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a superuser on the PostgreSQL server that this run of the tests has to itself. */
    readonly postgresAdminUrl: string;
  }
}

/**
 * Starts one PostgreSQL for the whole run, with a migrated template database, and stops it at the end.
 *
 * It is a real one without fsync: what a test of durability needs, it starts by itself.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = temporaryFolder();
  const keeper = await startKeeper({ folder: join(folder, 'postgres'), durable: false });
  await makeTemplate(keeper.adminUrl);
  project.provide('postgresAdminUrl', keeper.adminUrl);
  return async () => {
    await keeper.stop();
    removeCluster(join(folder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`create role ${testRole} login password '${new URL(adminUrl).password}'`);
  await admin.query(`create database ${templateDatabase} owner ${testRole}`);
  await admin.end();
  const logger = pino({ level: 'silent' });
  const databaseUrl = testDatabaseUrl(adminUrl, templateDatabase);
  const pool = createPool({ databaseUrl, applicationName: 'template', logger });
  await migrate(pool, logger);
  await pool.end();
}
