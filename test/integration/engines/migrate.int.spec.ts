import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../infra/postgres/migrate.ts';
import type { Migration } from '../../../infra/postgres/own-migrations.ts';
import { MigrationMismatch } from '../../../infra/postgres/pending-migrations.ts';
import { createPool } from '../../../infra/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const logger = pino({ level: 'silent' });
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('drop schema hongbao_core cascade');
});
afterEach(() => database.drop());

const step = (number: number, sql: string): Migration => ({
  number,
  name: `step-${number}`,
  sql,
  checksum: `checksum of ${sql}`,
});
const one = step(1, 'create table one (id int)');
const two = step(2, 'create table two (id int); insert into two values (2)');

async function tables(): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  return rows.map((row) => row.name);
}

describe('migrating', () => {
  it('applies what is missing, in order, once', async () => {
    expect(await migrate(database.pool, logger, [one])).toEqual(['0001_step-1']);
    expect(await migrate(database.pool, logger, [one, two])).toEqual(['0002_step-2']);
    expect(await migrate(database.pool, logger, [one, two])).toEqual([]);
    expect(await tables()).toEqual(['one', 'two']);
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const broken = step(2, 'create table two (id int); select nonsense');
    await expect(migrate(database.pool, logger, [one, broken])).rejects.toThrow(
      /^Migration 0002_step-2 failed/,
    );
    expect(await tables()).toEqual(['one']);
    expect(await migrate(database.pool, logger, [one, two])).toEqual(['0002_step-2']);
  });

  it('is done once when several processes start together', async () => {
    const slow = step(1, 'select pg_sleep(0.2); create table one (id int)');
    const pools = [1, 2, 3].map((n) =>
      createPool({ databaseUrl: database.url, applicationName: `process ${n}`, logger }),
    );
    const applied = await Promise.all(pools.map((pool) => migrate(pool, logger, [slow, two])));
    expect(applied.flat().sort()).toEqual(['0001_step-1', '0002_step-2']);
    for (const pool of pools) await pool.end();
  });

  it('refuses a migration that was edited after it was applied', async () => {
    await migrate(database.pool, logger, [one]);
    const edited = { ...one, checksum: 'another' };
    await expect(migrate(database.pool, logger, [edited, two])).rejects.toThrow(MigrationMismatch);
    expect(await tables()).toEqual(['one']);
  });

  it('refuses a database that is newer than the program', async () => {
    await migrate(database.pool, logger, [one, two]);
    await expect(migrate(database.pool, logger, [one])).rejects.toThrow(
      'The database has migration 0002_step-2, which this program does not know',
    );
  });

  it('refuses a new migration that is numbered before an applied one', async () => {
    await migrate(database.pool, logger, [two]);
    await expect(migrate(database.pool, logger, [one, two])).rejects.toThrow('Give it a number above 2.');
    expect(await tables()).toEqual(['two']);
  });
});

describe('the pool', () => {
  it('reads int8 as bigint, in arrays too, and takes bigint as a parameter', async () => {
    const position = 2n ** 62n;
    const { rows } = await database.pool.query(
      'select $1::int8 as one, $2::int8[] as many, array[]::int8[] as none, array[1, null]::int8[] as holes, 7 as int4',
      [position, [position, -1n]],
    );
    expect(rows).toEqual([{ one: position, many: [position, -1n], none: [], holes: [1n, null], int4: 7 }]);
  });

  it('cancels a statement that runs too long, and the connection stays good', async () => {
    const pool = createPool({
      databaseUrl: database.url,
      applicationName: 'short',
      connectionsMax: 1,
      statementTimeoutMs: 50,
      logger,
    });
    await expect(pool.query('select pg_sleep(60)')).rejects.toThrow('statement timeout');
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});
