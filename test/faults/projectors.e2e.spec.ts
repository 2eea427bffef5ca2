import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createLeaseStore } from '../../infra/postgres/lease-store.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { processIdentity } from '../../infra/supervisor/process-identity.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { streams } from '../../src/domain/streams.ts';
import { partitionOwners } from '../../src/projections/partition-owners.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { untilTrue } from '../integration/projections/support.ts';
import { aliceAndBob, poisonMessage } from '../support/domain-fixtures.ts';
import { befriend, type Person, register, say, topUp } from '../support/people.ts';
import { HistoryWriter } from '../support/random-history.ts';
import { differencesFromOracle } from '../support/read-tables.ts';
import { runCli } from '../support/run-cli.ts';
import { type SecondApp, startSecondApp } from '../support/second-app.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Load, startLoad } from './load.ts';

const logger = pino({ level: 'silent' });
const partitions = [0, 1, 2, 3, 4, 5, 6, 7];

/** Process ids of the owners, by partition. */
async function ownersOf(server: TestServer): Promise<ReadonlyMap<number, number>> {
  const pool = createPool({
    databaseUrl: server.endpoints().databaseUrl,
    applicationName: 'test',
    logger,
  });
  try {
    const owners = await partitionOwners(createLeaseStore(pool));
    return new Map([...owners].map(([partition, owner]) => [partition, Number(owner.split('/').at(-1))]));
  } finally {
    await pool.end();
  }
}

/** Waits until every partition has an owner and these processes are all that have some. */
async function untilOwnedBy(server: TestServer, pids: () => readonly number[]): Promise<void> {
  await untilTrue(async () => {
    const owners = await ownersOf(server);
    const isWhole = partitions.every((partition) => owners.has(partition));
    const actual = [...new Set(owners.values())].sort();
    return isWhole && actual.join() === [...pids()].sort().join();
  });
}

/** The processes that the supervisor keeps as projectors, as they are now. */
function projectorPids(server: TestServer): number[] {
  const children = JSON.parse(readFileSync(join(server.dataFolder, 'children.json'), 'utf8')) as {
    readonly name: string;
    readonly pid: number;
    readonly identity: string;
  }[];
  return children
    .filter(({ name, pid, identity }) => name.startsWith('projector-') && processIdentity(pid) === identity)
    .map(({ pid }) => pid);
}

interface World {
  readonly people: readonly Person[];
  readonly chats: readonly ConversationId[];
  readonly group: ConversationId;
}

/** People who are all friends and in one group, with some money. */
async function populate(server: TestServer): Promise<World> {
  const people = await Promise.all(
    ['Alice', 'Bob', 'Carol', 'Dave'].map((name) => register(name, server.url)),
  );
  const [alice, ...others] = people;
  const chats: ConversationId[] = [];
  for (const other of others) chats.push(await befriend(alice!, other));
  const { data } = await alice!.client.request('createGroup', {
    name: 'Load',
    memberIds: others.map((other) => other.userId),
  });
  for (const person of people) await topUp(person, 1_000_000);
  return { people, chats, group: data.conversationId };
}

describe('a server with two projectors and no Redis', () => {
  const folder = temporaryFolder();
  let server: TestServer;
  let world: World;
  let journal: Journal;
  let load: Load | undefined;

  beforeAll(async () => {
    server = await startServer({ HONGBAO_PROJECTORS: '2' });
    world = await populate(server);
    journal = openJournal(join(folder, 'journal.jsonl'));
  });

  // Also when the test failed before it came to that: the next one would wait for a log that never rests.
  afterEach(async () => {
    await load?.stop();
  });

  afterAll(async () => {
    for (const person of world?.people ?? []) person.client.disconnect();
    journal?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('pushes what either of them has written', async () => {
    await untilOwnedBy(server, () => projectorPids(server));
    const [alice, ...others] = world.people;
    for (const [index, chat] of world.chats.entries()) {
      const { client } = others[index]!;
      const heard = client.next(
        'message',
        ({ kind, conversationId }) => kind === 'text' && conversationId === chat,
      );
      await say(alice!, chat, 'hello');
      await heard;
    }
    const inGroup = others.map(({ client }) =>
      client.next('message', ({ kind, conversationId }) => kind === 'text' && conversationId === world.group),
    );
    await say(alice!, world.group, 'hello all');
    await Promise.all(inGroup);
  });

  it('goes on when one of them is killed with -9 under load: each partition gets an owner that lives', async () => {
    load = startLoad(world.people, world.group, journal);
    await load.acknowledged(50);
    const [victim, survivor] = projectorPids(server);
    process.kill(victim!, 'SIGKILL');
    // For a moment the victim is still there, with its partitions.
    const pidsAfter = (): number[] => projectorPids(server).filter((pid) => pid !== victim);
    await untilOwnedBy(server, () => (pidsAfter().length === 2 ? pidsAfter() : []));
    expect(pidsAfter()).toContain(survivor);
    await load.acknowledged(50);
    await load.stop();
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
  });

  it('rebuilds everything under load, with both at work', async () => {
    load = startLoad(world.people, world.group, journal);
    await load.acknowledged(20);
    const { code, stdout } = await runCli(['rebuild', '--verify'], server.env);
    expect(stdout).toContain('messages     generation 2 is live, 0 rows differed before');
    expect(code).toBe(0);
    await load.acknowledged(20);
    await load.stop();
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
  });

  it('is not ready while a partition stands still with one of them, and says what that one says', async () => {
    const { esdbUrl, httpUrl, projectorUrls } = server.endpoints();
    const log = createEventStoreEventLog({ url: esdbUrl, runtime: systemRuntime(), logger });
    await new HistoryWriter(log).append(streams.conversation(aliceAndBob), [poisonMessage]);
    await log.close();
    const stopsAt = async (url: string): Promise<unknown> => {
      const { checks } = (await (await fetch(`${url}/health/ready`)).json()) as HealthAnswer;
      return checks.projections?.ok === false ? checks.projections.detail : undefined;
    };
    const told = async () => (await Promise.all(projectorUrls.map(stopsAt))).filter((stops) => stops);
    await untilTrue(async () => (await told()).length === 1 && (await stopsAt(httpUrl)) !== undefined);
    expect(await stopsAt(httpUrl)).toEqual((await told())[0]);
  });
});

interface HealthAnswer {
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

describe('two projectors that nobody starts again', () => {
  let server: TestServer;
  let apps: SecondApp[];

  beforeAll(async () => {
    server = await startServer({ HONGBAO_ROLES: 'gateway,scheduler' });
    apps = await Promise.all([1, 2].map(() => startSecondApp(server, { HONGBAO_ROLES: 'projector' })));
  });

  afterAll(async () => {
    for (const app of apps ?? []) await app.stop();
    await server?.close();
  });

  it('share the partitions, and when one is killed with -9 the other has them all', async () => {
    const [one, other] = apps;
    await untilOwnedBy(server, () => [one!.pid, other!.pid]);
    const people = await Promise.all(
      ['Alice', 'Bob', 'Carol', 'Dave'].map((name) => register(name, server.url)),
    );
    for (const person of people) await topUp(person, 100);
    process.kill(one!.pid, 'SIGKILL');
    for (const person of [...people, ...people, ...people]) await topUp(person, 100);
    await untilOwnedBy(server, () => [other!.pid]);
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
    for (const { client } of people) client.disconnect();
  });
});
