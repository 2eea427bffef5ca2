/** The runbooks of docs/operations.md#restore and #move-to-another-store, with their commands. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SpawnedServer, spawnServer } from '../../../src/cli/spawn-server.ts';
import type { Client } from '../../../src/client/index.ts';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/config/limits.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import {
  anotherDevice,
  befriend,
  codeOf,
  freshMessageId,
  freshNonce,
  type Person,
  register,
  say,
  topUp,
} from '../../support/people.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type CliResult, runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../engines/supervised-server.ts';
import { aNode } from '../eventstore/support.ts';

/** The vault's tables, those that others refer to first. */
const vaultTables = ['data_key', 'password', 'payment_pin', 'server_secret', 'token_family', 'refresh_token'];
const schemas = ['hongbao_core', 'hongbao_vault', 'hongbao_write', 'projection', 'read'];

let folder: string;
let database: TestDatabase;
let url: string;
let port = '0';
let alice: Person;
let bob: Person;
let chat: ConversationId;
const closing: (() => Promise<unknown>)[] = [];
let server: SpawnedServer | undefined;

/** `hongbao up`, on the same port each time. */
async function up(env: Readonly<Record<string, string>>): Promise<void> {
  server = await spawnServer({ HONGBAO_PORT: port, HONGBAO_LOG_LEVEL: 'warn', ...env });
  url = server.url;
  port = new URL(url).port;
}

async function stop(): Promise<void> {
  await server?.stop();
  server = undefined;
}

const dataFolder = (): string => join(folder, 'data');
const settings = () => ({ HONGBAO_DATA: dataFolder(), DATABASE_URL: database.url });

async function aDatabase(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  closing.push(() => made.drop());
  return made;
}

/** As fresh as a database that was just created. */
async function aFreshDatabase(): Promise<TestDatabase> {
  const made = await aDatabase();
  for (const schema of schemas) await made.pool.query(`drop schema ${schema} cascade`);
  return made;
}

beforeEach(async () => {
  folder = temporaryFolder();
  port = '0';
  database = await aDatabase();
  await up(settings());
  alice = await register('Alice', url);
  bob = await register('Bob', url);
  chat = await befriend(alice, bob);
  await say(alice, chat, 'before the fire');
});

afterEach(async () => {
  for (const { client } of [alice, bob]) client.disconnect();
  await stop();
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a backup of the vault', () => {
  it('goes into a database that was only migrated, and the log does the rest', async () => {
    disconnect();
    await stop();
    const after = await aFreshDatabase();
    const env = { ...settings(), DATABASE_URL: after.url };
    const first = await runCli(['migrate'], env);
    expect(first.stdout).toMatch(/^applied 0001_core\napplied 0002_vault\n/);
    expect(first.code).toBe(0);
    const second = await runCli(['migrate'], env);
    expect(second.stdout).toBe('Nothing to apply: the database has every migration.\n');

    await copyVault(database, after);
    await up(env);
    await expectAsBefore(['before the fire']);
    await expectCleanAudit(env);
  });

  it('holds every table of the vault', async () => {
    const { rows } = await database.pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'hongbao_vault' order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(vaultTables.toSorted());
  });
});

describe('an export of the log, taken while the server ran', () => {
  it('goes with the vault into a fresh database and a fresh data folder', async () => {
    const file = join(folder, 'log.jsonl.gz');
    expect(await runCli(['export', file], settings())).toMatchObject({ code: 0 });
    expect(await runCli(['export', '--check', file], {})).toMatchObject({ code: 0 });
    // The vault after the log.
    const after = await aFreshDatabase();
    const env = { HONGBAO_DATA: join(folder, 'fresh'), DATABASE_URL: after.url };
    expect(await runCli(['migrate'], env)).toMatchObject({ code: 0 });
    await copyVault(database, after);
    await say(alice, chat, 'lost in the fire');
    disconnect();
    await stop();

    expect(await runCli(['import', file], env)).toMatchObject({ code: 0 });
    const again = await runCli(['import', '--dry-run', file], env);
    expect(again.stdout).toMatch(/ events are there already, 0 would be written\. Nothing was\.\n$/);
    cpSync(join(dataFolder(), 'master.key'), join(folder, 'fresh', 'master.key'));
    await up(env);
    await expectAsBefore(['before the fire']);
    await expectCleanAudit(env);
  });

  it('moves to another store, under the same database', async () => {
    disconnect();
    await stop();
    const file = join(folder, 'log.jsonl.gz');
    expect(await runCli(['export', file], settings())).toMatchObject({ code: 0 });
    const { node, close } = await aNode();
    closing.push(close);
    const env = { ...settings(), ESDB_URL: node.url };
    expect(await runCli(['import', '--dry-run', file], env)).toMatchObject({ code: 0 });
    expect(await runCli(['import', file], env)).toMatchObject({ code: 0 });

    await up(env);
    await expectAllStandStill(env);
    expect(await runCli(['rebuild'], env)).toMatchObject({ code: 0 });
    await untilReady();
    await expectAsBefore(['before the fire']);
    await expectCleanAudit(env);
    // The server has gone on there; the import is what it was all the same, and begins no epoch again.
    await stop();
    const again = await runCli(['import', file], env);
    expect(again.stdout).toContain(' events were there already, 0 were written.\nThe new epoch ');
  });
});

describe('an older copy of the log, under a database and a vault that have seen more', () => {
  it('is noticed by everything that has, and after a rebuild all is well', async () => {
    const backup = join(folder, 'events-backup');
    const events = join(dataFolder(), 'events');
    await topUp(alice, 10_000);
    const { data: packet } = await alice.client.request('sendPacket', {
      conversationId: chat,
      clientMsgId: freshMessageId(),
      kind: 'lucky',
      totalFen: 888,
      count: 1,
      ttlSeconds: 3_600,
      receivers: [],
      greeting: 'take it',
      nonce: freshNonce(),
    });
    expect(await runCli(['eventstore', 'backup', events, backup], {})).toMatchObject({ code: 0 });

    // What is lost: a message, a person, a grab and its credit.
    const message = {
      conversationId: chat,
      clientMsgId: freshMessageId(),
      content: { kind: 'text', text: 'lost in the fire' },
    } as const;
    await alice.client.request('sendMessage', message);
    const carol = await register('Carol', url);
    carol.client.disconnect();
    await bob.client.request('grabPacket', { packetId: packet.packetId });
    await until(async () => (await bob.client.wallet()).balanceFen === 888);
    // Everybody in PostgreSQL has seen it.
    const { head } = JSON.parse((await runCli(['projections', '--json'], settings())).stdout) as {
      head: string;
    };
    await until(async () => {
      const { rows } = await database.pool.query<{ seen: bigint }>(
        `select min(position)::bigint as seen from projection.checkpoint`,
      );
      return rows[0]!.seen >= BigInt(head);
    });
    disconnect();
    await stop();
    rmSync(events, { recursive: true });
    cpSync(backup, events, { recursive: true });
    expect(await runCli(['eventstore', 'verify', events], {})).toMatchObject({ code: 0 });

    await up(settings());
    expect(readFileSync(join(dataFolder(), 'hongbao.log'), 'utf8')).toContain(
      'the log is older than what was seen of it: a new epoch begins',
    );
    await expectAllStandStill(settings());
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    expect(await runCli(['rebuild'], settings())).toMatchObject({ code: 0 });
    await untilReady();
    expect(await runCli(['projections'], settings())).toMatchObject({ code: 0 });

    // Who was made in the lost part is not known, though the vault has the password.
    expect(await codeOf(anotherDevice(carol, url))).toBe('bad-credentials');
    // Her session is one of nobody: it can do nothing.
    await carol.client.connect();
    expect(await codeOf(topUp(carol, 100))).toBe('not-found');
    expect(await codeOf(say(carol, chat, 'hello'))).toBe('not-found');
    carol.client.disconnect();
    await expectAsBefore(['before the fire']);
    // What was lost can be done again, and is done once: the message and the grab.
    await bob.client.connect();
    await alice.client.connect();
    await alice.client.request('sendMessage', message);
    await until(async () => (await textsIn(alice.client)).includes('lost in the fire'));
    await bob.client.request('grabPacket', { packetId: packet.packetId });
    await until(async () => (await bob.client.wallet()).balanceFen === 888);
    expect(await codeOf(bob.client.request('grabPacket', { packetId: packet.packetId }))).toBe(
      'already-grabbed',
    );
    await expectCleanAudit(settings());
  });
});

function disconnect(): void {
  for (const { client } of [alice, bob]) client.disconnect();
}

/** The session of before goes on, its password opens another, and both may read and write. */
async function expectAsBefore(texts: readonly string[]): Promise<void> {
  await alice.client.connect();
  const elsewhere = await anotherDevice(alice, url);
  await until(async () => (await textsIn(elsewhere)).length > 0);
  expect(await textsIn(elsewhere)).toEqual(texts);
  await say(alice, chat, 'after it');
  await until(async () => (await textsIn(elsewhere)).includes('after it'));
  for (const client of [alice.client, elsewhere]) client.disconnect();
}

async function expectCleanAudit(env: Readonly<Record<string, string>>): Promise<void> {
  const audit = await runCli(['audit'], env);
  expect(audit.stdout).not.toContain('BROKEN');
  expect(audit.stdout).toContain('ok      rule 8');
  expect(audit.code).toBe(0);
}

/** Every read model says that it is of another history, and what is to be done. */
async function expectAllStandStill(env: Readonly<Record<string, string>>): Promise<void> {
  let shown: CliResult | undefined;
  await until(async () => {
    shown = await runCli(['projections'], env);
    const still = shown.stdout.match(/STANDS STILL at -?\d+ \(epoch\)/g) ?? [];
    return still.length === allProjections.length * limits.projections.partitions;
  });
  for (const { name } of allProjections) {
    expect(shown?.stdout).toMatch(
      new RegExp(
        `STANDS STILL at -?\\d+ \\(epoch\\): The rows of ${name} .* Run: hongbao projections rebuild ${name}`,
      ),
    );
  }
  expect(shown?.code).toBe(1);
}

async function untilReady(): Promise<void> {
  await until(async () => (await fetch(`${url}/health/ready`)).ok);
}

/** Rows only, as `pg_dump --data-only` takes them. */
async function copyVault(from: TestDatabase, to: TestDatabase): Promise<void> {
  for (const table of vaultTables) {
    const { rows } = await from.pool.query<{ kept: string }>(
      `select coalesce(json_agg(t), '[]')::text as kept from hongbao_vault.${table} t`,
    );
    await to.pool.query(
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
