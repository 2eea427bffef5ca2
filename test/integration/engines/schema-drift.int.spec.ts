import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationsFolder } from '../../../infra/postgres/own-migrations.ts';
import { listSchema } from '../../../infra/postgres/schema-listing.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const committed = readFileSync(join(migrationsFolder, '..', 'schema.txt'), 'utf8')
  .trimEnd()
  .split('\n');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the schema that all migrations make', () => {
  it('is the one in infra/postgres/schema.txt (node scripts/record-schema.ts)', async () => {
    expect(await listSchema(database.pool)).toEqual(committed);
  });
});

describe('the listing of a schema', () => {
  /** What the listing has more, and less, after `change`, which is taken back. */
  async function differences(change: string): Promise<string[]> {
    const client = await database.pool.connect();
    try {
      await client.query(`begin; ${change}`);
      const lines = await listSchema(client);
      return [
        ...lines.filter((line) => !committed.includes(line)).map((line) => `+ ${line}`),
        ...committed.filter((line) => !lines.includes(line)).map((line) => `- ${line}`),
      ];
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  it.each([
    ['a schema', 'create schema other', '+ schema other'],
    ['a table', 'create table read.t (a int)', '+ table read.t'],
    ['an unlogged table', 'create unlogged table read.t ()', '+ table read.t unlogged'],
    ['a column', 'alter table hongbao_core.lease add a int[]', '+   column a integer[]'],
    [
      'a default',
      "alter table hongbao_core.lease add a text default 'x'",
      "+   column a text default 'x'::text",
    ],
    [
      'a column that is computed',
      'alter table hongbao_core.lease add a int generated always as (1) stored',
      '+   column a integer generated default 1',
    ],
    [
      'an identity',
      'alter table hongbao_core.lease add a int generated always as identity',
      '+   column a integer not null identity always',
    ],
    [
      'a column that may be null',
      'alter table hongbao_vault.password alter phc drop not null',
      '+   column phc text',
    ],
    [
      'a constraint',
      'alter table hongbao_core.lease add constraint c unique (owner)',
      '+   constraint c UNIQUE (owner)',
    ],
    ['an index that is gone', 'drop index projection.generation_one_live', '-   index CREATE UNIQUE INDEX'],
    ['a view', 'create view read.v as select 1 as one', '+ view read.v SELECT 1 AS one;'],
    ['a sequence', 'create sequence read.s', '+ sequence read.s'],
    ['a type', "create type read.e as enum ('a', 'b')", '+ type read.e enum (a, b)'],
    ['a domain', 'create domain read.d as int', '+ type read.d integer'],
    ['a function', "create function read.f() returns int language sql as 'select 1'", '+ function read.f() '],
    [
      'a trigger',
      `create function read.f() returns trigger language plpgsql as 'begin return new; end';
       create trigger t before insert on hongbao_core.lease for each row execute function read.f()`,
      '+   trigger CREATE TRIGGER t',
    ],
    [
      'how a table is stored',
      'alter table hongbao_core.lease set (fillfactor = 70)',
      '+ table hongbao_core.lease with (fillfactor=70)',
    ],
  ])('shows %s', async (_what, change, line) => {
    expect(await differences(change)).toEqual(expect.arrayContaining([expect.stringContaining(line)]));
  });

  it('leaves out what a projection makes for itself', async () => {
    expect(await differences('create schema friends_g3; create table friends_g3.friend (a int)')).toEqual([]);
  });
});
