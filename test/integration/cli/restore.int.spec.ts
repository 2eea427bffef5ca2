import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SpawnedServer, spawnServer } from '../../../src/cli/spawn-server.ts';
import type { Client } from '../../../src/client/index.ts';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { anotherDevice, befriend, type Person, register, say } from '../../support/people.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../engines/supervised-server.ts';

/** The vault's tables, those that others refer to first. */
const vaultTables = ['data_key', 'password', 'server_secret', 'token_family', 'refresh_token'];
const schemas = ['hongbao_core', 'hongbao_vault', 'hongbao_write', 'projection', 'read'];

let folder: string;
let before: TestDatabase;
let after: TestDatabase;
let alice: Person;
let url: string;
let port: string;
let chat: ConversationId;
const running: SpawnedServer[] = [];

async function serveOn(database: TestDatabase, onPort = '0'): Promise<string> {
  const server = await spawnServer({
    HONGBAO_DATA: folder,
    HONGBAO_PORT: onPort,
    HONGBAO_LOG_LEVEL: 'warn',
    DATABASE_URL: database.url,
  });
  running.push(server);
  return server.url;
}

beforeAll(async () => {
  folder = temporaryFolder();
  [before, after] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  // As fresh as a database that was just created.
  for (const schema of schemas) await after.pool.query(`drop schema ${schema} cascade`);

  url = await serveOn(before);
  port = new URL(url).port;
  alice = await register('Alice', url);
  const bob = await register('Bob', url);
  chat = await befriend(alice, bob);
  await say(alice, chat, 'before the fire');
  for (const { client } of [alice, bob]) client.disconnect();
  await running.pop()?.stop();
});

afterAll(async () => {
  for (const server of running) await server.stop();
  await before?.drop();
  await after?.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a backup of the vault', () => {
  it('goes into a database that was only migrated, and the log does the rest', async () => {
    const env = { DATABASE_URL: after.url };
    const first = await runCli(['migrate'], env);
    expect(first.stdout).toMatch(/^applied 0001_core\napplied 0002_vault\n/);
    expect(first.code).toBe(0);
    const second = await runCli(['migrate'], env);
    expect(second.stdout).toBe('Nothing to apply: the database has every migration.\n');

    await copyVault();

    await serveOn(after, port);
    // The session of before goes on: its token was signed with the key in the vault.
    await alice.client.connect();
    const elsewhere = await anotherDevice(alice, url);
    await until(async () => (await textsIn(elsewhere)).length > 0);
    expect(await textsIn(elsewhere)).toEqual(['before the fire']);
    await say(alice, chat, 'after it');
    for (const client of [alice.client, elsewhere]) client.disconnect();

    const audit = await runCli(['audit'], { ...env, HONGBAO_DATA: folder });
    expect(audit.stdout).toContain('ok      rule 8');
    expect(audit.code).toBe(0);
  });

  it('holds every table of the vault', async () => {
    const { rows } = await after.pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'hongbao_vault' order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(vaultTables.toSorted());
  });
});

/** Rows only, as `pg_dump --data-only` takes them. */
async function copyVault(): Promise<void> {
  for (const table of vaultTables) {
    const { rows } = await before.pool.query<{ kept: string }>(
      `select coalesce(json_agg(t), '[]')::text as kept from hongbao_vault.${table} t`,
    );
    await after.pool.query(
      `insert into hongbao_vault.${table} select * from json_populate_recordset(null::hongbao_vault.${table}, $1)`,
      [rows[0]?.kept],
    );
  }
}

/** The texts that a client may read in the conversation; none while the read models are not so far. */
async function textsIn(client: Client): Promise<(string | null)[]> {
  try {
    const { items } = await client.messages(chat);
    return items.flatMap((item) => (item.kind === 'text' ? [item.text] : []));
  } catch {
    return [];
  }
}
