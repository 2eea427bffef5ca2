import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createPool } from '../../../infra/postgres/pool.ts';
import { createTestDatabase } from '../../support/postgres.ts';

describe('a test database', () => {
  it('is PostgreSQL 18 with the migrated schema, apart from every other one', async () => {
    const [one, other] = [await createTestDatabase(), await createTestDatabase()];
    await one.pool.query(`insert into hongbao_core.lease values ('job', 'me', now())`);

    const version = await one.pool.query<{ version: string }>('select version()');
    expect(version.rows[0]?.version).toMatch(/^PostgreSQL 18\./);
    const seen = await other.pool.query('select * from hongbao_core.lease');
    expect(seen.rows).toEqual([]);

    await one.drop();
    await other.drop();
  });

  it('fails the test that left a client checked out', async () => {
    const database = await createTestDatabase();
    const client = await database.pool.connect();
    client.on('error', () => undefined); // the server ends it when the database is dropped
    await expect(database.drop()).rejects.toThrow('left 1 clients checked out');
    client.release(true);
  });

  it('fails the test that left another pool connected, and names it', async () => {
    const database = await createTestDatabase();
    const logger = pino({ level: 'silent' });
    const forgotten = createPool({ databaseUrl: database.url, applicationName: 'forgotten', logger });
    await forgotten.query('select 1');
    await expect(database.drop()).rejects.toThrow('left connections open: forgotten, idle, select 1');
    await forgotten.end();
  });
});
