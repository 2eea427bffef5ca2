import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { inject } from 'vitest';
import { createPool } from '../../infra/postgres/pool.ts';
import { templateDatabase, testDatabaseUrl, testRole } from './test-database-url.ts';

export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  /**
   * Ends the pool and drops the database. Throws when the test left a client checked out of the pool, or
   * another connection to the database open: the code under test leaks.
   */
  drop(): Promise<void>;
}

/** Closed connections take a moment to leave the server's list; one that stays longer is a leak. */
const connectionsGoneMs = 5_000;

/**
 * A database of its own for a test file, with all migrations applied: a clone of the template that the global
 * setup made. For `beforeAll`, with `drop` in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(adminUrl, (admin) =>
    admin.query(`create database ${name} template ${templateDatabase} owner ${testRole}`),
  );
  const url = testDatabaseUrl(adminUrl, name);
  const pool = createPool({ databaseUrl: url, applicationName: 'test', logger: pino({ level: 'silent' }) });
  const drop = async (): Promise<void> => {
    const checkedOut = pool.totalCount - pool.idleCount;
    // `pool.end()` would wait for ever for a client that nobody gives back.
    if (checkedOut === 0) await pool.end();
    const open = checkedOut === 0 ? await connectionsTo(adminUrl, name) : [];
    await asAdmin(adminUrl, (admin) => admin.query(`drop database ${name} with (force)`));
    if (checkedOut > 0) throw new Error(`the test left ${checkedOut} clients checked out of its pool`);
    if (open.length > 0) throw new Error(`the test left connections open: ${open.join('; ')}`);
  };
  return { url, pool, drop };
}

/** The connections to `database` that are still there after the time in which closed ones go. */
async function connectionsTo(adminUrl: string, database: string): Promise<string[]> {
  const deadlineMs = performance.now() + connectionsGoneMs;
  return asAdmin(adminUrl, async (admin) => {
    for (;;) {
      const { rows } = await admin.query<{ what: string }>(
        `select concat_ws(', ', nullif(application_name, ''), state, left(query, 80)) as what
         from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [database],
      );
      if (rows.length === 0 || performance.now() > deadlineMs) return rows.map((row) => row.what);
      await admin.query('select pg_sleep(0.02)');
    }
  });
}

async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
