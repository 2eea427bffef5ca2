import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { auditLog } from '../../src/cli/commands/audit.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { befriend, type Person, register, topUp } from '../support/people.ts';
import { differencesFromOracle } from '../support/read-tables.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { checkJournal } from './check-journal.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Load, startLoad } from './load.ts';
import { killedProcess, type Victim } from './victims.ts';

/** CI runs these; `CRASH_ROUNDS=500 npm test -- --tier e2e crash-rounds` soaks. */
const rounds = Number(process.env.CRASH_ROUNDS ?? '30');
const victims: readonly Victim[] = ['app', 'events', 'postgres', 'app', 'events', 'supervisor'];
const acknowledgedPerRound = 25;

describe(`hongbao under load, with parts of it killed in ${rounds} rounds`, () => {
  const folder = temporaryFolder();
  let server: TestServer;
  let people: readonly Person[];
  let group: ConversationId;
  let journal: Journal;
  let load: Load;

  beforeAll(async () => {
    server = await startServer();
    people = await Promise.all(['Alice', 'Bob', 'Carol', 'Dave'].map((name) => register(name, server.url)));
    const [alice, ...others] = people;
    for (const other of others) await befriend(alice!, other);
    const { data } = await alice!.client.request('createGroup', {
      name: 'Load',
      memberIds: others.map((other) => other.userId),
    });
    group = data.conversationId;
    for (const person of people) await topUp(person, 1_000_000);
    journal = openJournal(join(folder, 'journal.jsonl'));
  });

  afterAll(async () => {
    for (const person of people ?? []) person.client.disconnect();
    journal?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps everything that it acknowledged, exactly once, and a clean ledger', async () => {
    load = startLoad(people, group, journal);
    await load.acknowledged(acknowledgedPerRound);
    for (let round = 0; round < rounds; round += 1) {
      const victim = victims[round % victims.length]!;
      await killedProcess(victim, server);
      if (victim === 'supervisor') await server.start();
      // New acknowledgements say that all parts are back and that the clients have found them again.
      await load.acknowledged(acknowledgedPerRound);
      await withLog(server, async (log) => {
        expect(await checkJournal(log, journal.entries()), `round ${round}: ${victim}`).toEqual([]);
      });
    }
    await load.stop();

    expect(journal.entries().length).toBeGreaterThanOrEqual(rounds * acknowledgedPerRound);
    await withLog(server, async (log) => {
      expect(await checkJournal(log, journal.entries())).toEqual([]);
      const report = await auditLog(log, systemRuntime().clock);
      expect(report.violations).toEqual([]);
      expect(report.terms.depositedFen).toBe(4_000_000);
    });
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toContain('"grab"');
  });
});

async function withLog(
  server: TestServer,
  work: (log: ReturnType<typeof createEventStoreEventLog>) => Promise<void>,
): Promise<void> {
  const log = createEventStoreEventLog({
    url: server.endpoints().esdbUrl,
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
  });
  try {
    await work(log);
  } finally {
    await log.close();
  }
}
