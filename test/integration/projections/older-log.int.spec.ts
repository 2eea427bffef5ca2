/** An older copy of the log under a PostgreSQL that has seen more of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCommandHistoryStore } from '../../../infra/postgres/command-history-store.ts';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { createLogWitness } from '../../../infra/postgres/log-witness.ts';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import { START } from '../../../src/commands/event-log.ts';
import { beginEpochOfOlderLog, ensureLogEpoch } from '../../../src/commands/log-epoch.ts';
import type { PacketId } from '../../../src/domain/ids.ts';
import { isUuid } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { ensureReadModels } from '../../../src/projections/ensure-read-models.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { createRefundScheduler } from '../../../src/projections/scheduler/refund-scheduler.ts';
import { packetId, packetTerms, userId } from '../../support/domain-fixtures.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { runCli } from '../../support/run-cli.ts';
import { startEngines } from '../cli/support.ts';
import { expectTablesToEqualLog, logger, runtime, startReadSide, untilTrue } from './support.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const names = allProjections.map(({ name }) => name);
/** How many of the log's last events the older copy does not have. */
const lostEvents = 60;

/** A database that has seen all of a log, that log, and a copy of it from before its last events. */
async function older(): Promise<{ newer: InMemoryEventLog; log: InMemoryEventLog; epoch: string }> {
  const newer = new InMemoryEventLog();
  const epoch = await ensureLogEpoch(newer, runtime);
  const side = startReadSide(database.pool, { log: newer });
  await new HistoryWriter(newer).play(fixedSteps(400));
  // Due for long, and only in the part that is lost.
  const terms = packetTerms({ packetId: packetId(9_999), expiresAtSecond: 1_700_000_010 });
  await new HistoryWriter(newer).append(streams.packet(packetId(9_999)), [
    { type: 'PacketSent', data: terms },
  ]);
  await side.settled();
  await side.stop();
  const log = new InMemoryEventLog();
  for (const event of newer.events.slice(0, -lostEvents)) await log.append(event.stream, 'any', [event]);
  return { newer, log, epoch };
}

async function failures(log: InMemoryEventLog): Promise<Map<string, { reason: string; message: string }>> {
  const side = startReadSide(database.pool, { log });
  await untilTrue(
    () => side.runner.status().filter(({ failure }) => failure !== undefined).length >= names.length,
  );
  const found = new Map(
    side.runner
      .status()
      .flatMap(({ projection, failure }) => (failure ? [[projection, failure] as const] : [])),
  );
  await side.stop();
  return found;
}

const witness = () => createLogWitness(database.pool);

/** Events of commands that a client may send again. */
const withCommands = (events: readonly RecordedEvent[]): RecordedEvent[] =>
  events.filter(({ metadata, stream }) => isUuid(metadata.commandId) && stream !== streams.logEpoch);

describe('under an older log', () => {
  it('each of the ten projections stands still, and says that it is to be rebuilt', async () => {
    expect(names).toHaveLength(10);
    const { log } = await older();
    // Before a new epoch: they see for themselves that they are ahead.
    const found = await failures(log);
    for (const name of names) {
      expect(found.get(name)?.reason, name).toBe('ahead');
      expect(found.get(name)?.message, name).toContain(`Run: hongbao projections rebuild ${name}`);
    }
  });

  it('they do so when the log has grown beyond what they have seen, since the start begins an epoch', async () => {
    const { log, newer, epoch } = await older();
    const begun = await beginEpochOfOlderLog(log, runtime, witness());
    expect(begun).toEqual({ before: epoch, seen: await newer.head(), head: log.events.at(-2)?.position });
    await new HistoryWriter(log).play(fixedSteps(200, 7));
    expect((await log.head()) > (await newer.head())).toBe(true);

    const found = await failures(log);
    for (const name of names) {
      expect(found.get(name)?.reason, name).toBe('epoch');
      expect(found.get(name)?.message, name).toContain(`Run: hongbao projections rebuild ${name}`);
    }
  });

  it('the epoch begins once, and none begins under a log that has everything', async () => {
    const { log, newer } = await older();
    expect(await beginEpochOfOlderLog(newer, runtime, witness())).toBeUndefined();
    const all = await Promise.all([1, 2, 3].map(() => beginEpochOfOlderLog(log, runtime, witness())));
    expect(all.some((one) => one !== undefined)).toBe(true);
    expect(await beginEpochOfOlderLog(log, runtime, witness())).toBeUndefined();
    expect(log.events.filter(({ type }) => type === 'EpochBegun')).toHaveLength(2);
  });

  it('is seen to be older by the checkpoint of a process manager alone, too', async () => {
    const log = new InMemoryEventLog();
    const epoch = await ensureLogEpoch(log, runtime);
    expect(await witness().newestSeen(epoch)).toBe(START);
    await database.pool.query('insert into hongbao_write.follower_checkpoint values ($1, $2, $3)', [
      'settle',
      epoch,
      '12345678901234567890',
    ]);
    expect(await witness().newestSeen(epoch)).toBe(12_345_678_901_234_567_890n);
    expect(await beginEpochOfOlderLog(log, runtime, witness())).toMatchObject({ before: epoch });
  });

  it('the command history does not answer for commands of the lost part, and does again for the others', async () => {
    const { log, newer, epoch } = await older();
    const history = createCommandHistoryStore(database.pool);
    const lost = withCommands(newer.events.slice(-lostEvents)).at(-2)!;
    const kept = withCommands(log.events).at(-1)!;
    for (const { metadata } of [lost, kept]) {
      expect((await history.find(metadata.commandId, epoch)).command).toBeDefined();
    }

    await beginEpochOfOlderLog(log, runtime, witness());
    const now = await ensureLogEpoch(log, runtime);
    for (const { metadata } of [lost, kept]) {
      expect(await history.find(metadata.commandId, now)).toEqual({ command: undefined, reached: START });
    }

    // Someone sends the lost command again, and it is done at another place.
    const stream = streams.wallet(userId(60));
    const again = { ...lost, id: runtime.ids.next(), type: 'WalletOpened', data: { userId: userId(60) } };
    await log.append(stream, 'no-stream', [again]);
    // The history keeps what is some days old: these are as young as their log.
    const clock = { ...runtime.clock, nowMs: () => lost.metadata.timeMs };
    await rebuild({ log, pool: database.pool, runtime: { ...runtime, clock }, logger }, allProjections);
    expect((await history.find(kept.metadata.commandId, now)).command).toBeDefined();
    expect((await history.find(lost.metadata.commandId, now)).command).toMatchObject({
      stream,
      firstRevision: 0,
      lastRevision: 0,
    });
  });

  it('asks for no refund that the log could take for another, and for the right ones after a rebuild', async () => {
    const { log } = await older();
    await beginEpochOfOlderLog(log, runtime, witness());
    const { length } = log.events;
    const has = (id: PacketId) => log.events.some(({ stream }) => stream === streams.packet(id));
    const asked = new Set<PacketId>();
    const scheduler = createRefundScheduler({
      pool: database.pool,
      leases: createLeaseStore(database.pool),
      // As the write side answers for a packet that is not in the log.
      refunds: {
        pausedMs: () => 0,
        async refundPacket(id) {
          asked.add(id);
          return has(id)
            ? { kind: 'ended', refunded: true }
            : { kind: 'retry', afterMs: 60_000, cause: 'unavailable' };
        },
      },
      runtime,
      logger,
    });
    scheduler.start();
    await untilTrue(() => asked.has(packetId(9_999)));
    await scheduler.stop();
    expect(log.events).toHaveLength(length);

    await rebuild({ log, pool: database.pool, runtime, logger }, allProjections);
    const { rows } = await database.pool.query<{ packet_id: PacketId }>('select packet_id from read.expiry');
    expect(rows.filter(({ packet_id: id }) => !has(id))).toEqual([]);
  });

  it('hongbao rebuild begins the epoch, too, for whoever runs it before the server', async () => {
    const engines = await startEngines();
    const { pool } = engines.database;
    const epoch = await ensureLogEpoch(engines.log, runtime);
    await ensureReadModels(pool, epoch);
    await pool.query('insert into hongbao_write.follower_checkpoint values ($1, $2, 1000)', [
      'settle',
      epoch,
    ]);
    const first = await runCli(['rebuild', 'friends'], engines.env);
    expect(first.stderr).toMatch(/^the log ends at 1, and was seen up to 1000: a new epoch begins$/m);
    expect(first.code).toBe(0);
    const second = await runCli(['rebuild', 'friends'], engines.env);
    expect(second.stderr).not.toContain('a new epoch begins');
    expect(await ensureLogEpoch(engines.log, runtime)).not.toBe(epoch);
    expect(await engines.log.head()).toBe(2n);
    await engines.close();
  });

  it('everything goes on after a rebuild, and a replay finds no difference', async () => {
    const { log } = await older();
    await beginEpochOfOlderLog(log, runtime, witness());
    const deps = { log, pool: database.pool, runtime, logger };
    const results = await rebuild(deps, allProjections);
    expect(results.map(({ kind }) => kind)).toEqual(names.map(() => 'swapped'));

    const side = startReadSide(database.pool, { log });
    for (const number of [50, 51, 52]) {
      const opened = { type: 'WalletOpened', data: { userId: userId(number) } } as const;
      await new HistoryWriter(log).append(streams.wallet(userId(number)), [opened]);
    }
    await side.settled();
    expect(side.runner.status().filter(({ failure }) => failure !== undefined)).toEqual([]);
    await side.stop();
    await expectTablesToEqualLog(database.pool, log.events);
    expect(await auditReadModels(deps, {})).toEqual([]);
  });
});
