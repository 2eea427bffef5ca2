import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { auditLog } from '../../src/cli/commands/audit/audit-log.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { befriend, type Person, register, topUp } from '../support/people.ts';
import { differencesFromOracle } from '../support/read-tables.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { JournalCheck } from './check-journal.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Load, startLoad } from './load.ts';
import { killedProcess, type Victim } from './victims.ts';

/** CI runs these; `CRASH_ROUNDS=500 npm test -- --tier e2e crash-rounds` soaks. */
const rounds = Number(process.env.CRASH_ROUNDS ?? '10');
/** `CRASH_SEED=7 ...` plays the same kills after the same numbers of acknowledgements again. */
const seed = Number(process.env.CRASH_SEED ?? randomInt(1, 2 ** 31));
const victims: readonly Victim[] = ['app', 'events', 'postgres', 'supervisor'];
const acknowledgedBeforeKill = { min: 1, max: 60 };

describe(`hongbao under load, with parts of it killed in ${rounds} rounds (seed ${seed})`, () => {
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
    await load?.stop().catch(() => undefined);
    for (const person of people ?? []) person.client.disconnect();
    journal?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps everything that it acknowledged, exactly once, and a clean ledger', async () => {
    load = startLoad(people, group, journal);
    const { random } = virtualRuntime({ seed });
    const killed = new Map<Victim, number>();
    const check = new JournalCheck();
    for (let round = 0; round < rounds; round += 1) {
      // New acknowledgements say that all parts are back and that the clients have found them again.
      const { min, max } = acknowledgedBeforeKill;
      await load.acknowledged(min + Math.floor(random.fraction() * (max - min + 1)));
      const victim = victims[Math.floor(random.fraction() * victims.length)]!;
      await killedProcess(victim, server);
      killed.set(victim, (killed.get(victim) ?? 0) + 1);
      if (victim === 'supervisor') await server.start();
      await load.acknowledged(1);
      await withLog(server, async (log) => {
        expect(await check.check(log, journal.entries()), `round ${round}: ${victim}`).toEqual([]);
      });
    }
    await load.acknowledged(100);
    await load.stop();
    await server.ready();

    const kinds = new Set(journal.entries().map((entry) => entry.kind));
    expect(kinds).toEqual(new Set(['message', 'packet', 'grab']));
    if (rounds >= 30) expect(killed.size).toBe(victims.length);
    await withLog(server, async (log) => {
      expect(await check.check(log, journal.entries())).toEqual([]);
      const report = await auditLog(log, systemRuntime().clock);
      expect(report.violations).toEqual([]);
      expect(report.terms.depositedFen).toBe(4_000_000);
    });
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
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
