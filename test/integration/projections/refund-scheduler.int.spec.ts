import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import type { RefundOutcome, RefundPort } from '../../../src/commands/refund-port.ts';
import { limits } from '../../../src/config/limits.ts';
import type { PacketId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import type { RefundScheduler, SchedulerDeps } from '../../../src/projections/scheduler/refund-scheduler.ts';
import { createRefundScheduler } from '../../../src/projections/scheduler/refund-scheduler.ts';
import { alice, packetId, packetTerms, seedHex } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { HistoryWriter } from '../../support/random-history.ts';
import { logger, type ReadSide, runtime, startReadSide, untilTrue } from './support.ts';

let database: TestDatabase;
let side: ReadSide;
let writer: HistoryWriter;
const schedulers: RefundScheduler[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  side = startReadSide(database.pool);
  writer = new HistoryWriter(side.log);
});
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop();
  await side.stop();
  await database.drop();
});

const nowSecond = (): number => Math.floor(runtime.clock.nowMs() / 1_000);
const ended: RefundOutcome = { kind: 'ended', refunded: true };

async function send(number: number, expiresAtSecond: number): Promise<PacketId> {
  const id = packetId(number);
  const terms = packetTerms({ packetId: id, expiresAtSecond });
  await writer.append(streams.packet(id), [{ type: 'PacketSent', data: terms }]);
  return id;
}

async function refund(id: PacketId, expiresAtSecond: number): Promise<void> {
  const data = { packetId: id, senderId: alice, amountFen: 1_000, expiresAtSecond, seed: seedHex };
  await writer.append(streams.packet(id), [{ type: 'PacketRefunded', data }]);
}

function start(
  refundPacket: RefundPort['refundPacket'],
  overrides: Partial<SchedulerDeps> = {},
): RefundScheduler {
  const leases = createLeaseStore(database.pool);
  const scheduler = createRefundScheduler({
    pool: database.pool,
    leases,
    refunds: { refundPacket, pausedMs: () => 0 },
    runtime,
    logger,
    ...overrides,
  });
  schedulers.push(scheduler);
  scheduler.start();
  return scheduler;
}

/** Collects what is asked for, and resolves when there were as many calls as wanted. */
function calls(count: number) {
  const made: { id: PacketId; atMs: number }[] = [];
  const all = Promise.withResolvers<void>();
  const note = (id: PacketId): void => {
    made.push({ id, atMs: runtime.clock.nowMs() });
    if (made.length === count) all.resolve();
  };
  return { made, note, all: all.promise };
}

describe('the refund scheduler', () => {
  it('asks for what is overdue at once, oldest first, and for nothing that is not due', async () => {
    const now = nowSecond();
    const [c, a, b] = [await send(1, now - 1), await send(2, now - 300), await send(3, now - 20)];
    await send(4, now + 3_600);
    await side.settled();
    const { made, note, all } = calls(3);
    const scheduler = start(async (id) => {
      note(id);
      await refund(id, now);
      return ended;
    });
    await all;
    expect(made.map(({ id }) => id)).toEqual([a, b, c]);
    await side.settled();
    expect(await scheduler.status()).toMatchObject({ pending: 1, due: 0 });
    await scheduler.stop();
    const { fired, lateness } = await scheduler.status();
    expect([fired, lateness.maxMs >= 300_000]).toEqual([3, true]);
  });

  it('asks for a packet when its second has come, never before it, and counts how late that was', async () => {
    // Time stands still until the test moves it: nothing here depends on how fast anything is.
    const first = nowSecond() + 3_600;
    let nowMs = first * 1_000 - 1;
    const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
    const due = [first, first + 1];
    const ids: PacketId[][] = [[], []];
    for (let number = 0; number < 20; number++) {
      const half = number % 2;
      ids[half]!.push(await send(number, due[half]!));
    }
    await side.settled();
    const made: PacketId[] = [];
    let looks = 0;
    const refundPacket = async (id: PacketId): Promise<RefundOutcome> => {
      made.push(id);
      return ended;
    };
    const pausedMs = (): number => {
      looks += 1;
      return 0;
    };
    const scheduler = start(refundPacket, {
      refunds: { refundPacket, pausedMs },
      runtime: { ...runtime, clock },
    });
    await untilTrue(async () => (await scheduler.status()).shards.length === limits.scheduler.shards);
    /** A look that begins after this moment is over when the next one has begun. */
    const untilLooked = async (): Promise<void> => {
      const before = looks;
      await untilTrue(() => looks >= before + 2);
    };
    await untilLooked();
    expect(made).toEqual([]);

    nowMs = first * 1_000 + 999;
    await untilTrue(() => made.length >= 10);
    await untilLooked();
    expect(made.toSorted()).toEqual(ids[0]!.toSorted());

    nowMs = (first + 1) * 1_000;
    await untilTrue(async () => (await scheduler.status()).fired === 20);
    expect(made.slice(10).toSorted()).toEqual(ids[1]!.toSorted());
    const { lateness } = await scheduler.status();
    expect(lateness).toMatchObject({ count: 20, sumMs: 10 * 999, maxMs: 999 });
  });

  it('finds a packet whose row is committed long after its second', async () => {
    const first = calls(1);
    const late = calls(2);
    start(async (id) => {
      first.note(id);
      late.note(id);
      return ended;
    });
    await send(1, nowSecond() - 5);
    await first.all;
    const second = await send(2, nowSecond() - 60);
    await late.all;
    expect(late.made[1]!.id).toBe(second);
  });

  it('asks again until the log has the end: after a fault, an unknown outcome, a refusal that will pass', async () => {
    const id = await send(1, nowSecond() - 1);
    await side.settled();
    const answers: (() => RefundOutcome)[] = [
      () => {
        throw new Error('a fault');
      },
      () => ({ kind: 'retry', afterMs: 1, cause: 'unavailable' }),
      () => ({ kind: 'not-expired', expiresAtSecond: 0 }),
      () => ({ kind: 'retry', afterMs: 1, cause: 'busy' }),
      () => ended,
    ];
    const { made, note, all } = calls(answers.length);
    start(async () => {
      note(id);
      return answers[made.length - 1]?.() ?? ended;
    });
    await all;
    expect(made.map((call) => call.id)).toEqual(answers.map(() => id));
  });

  it('bounds what is in flight, asks for nobody twice meanwhile, and goes on as refunds end', async () => {
    const count = limits.scheduler.inFlightMax + 40;
    const now = nowSecond();
    for (let number = 0; number < count; number++) await send(number, now - 10);
    await side.settled();
    const full = calls(limits.scheduler.inFlightMax);
    const { made, note, all } = calls(count);
    const gate = Promise.withResolvers<void>();
    let inFlight = 0;
    let inFlightMax = 0;
    start(async (id) => {
      inFlight += 1;
      inFlightMax = Math.max(inFlightMax, inFlight);
      note(id);
      full.note(id);
      await gate.promise;
      inFlight -= 1;
      return ended;
    });
    await full.all;
    gate.resolve();
    await all;
    expect(inFlightMax).toBe(limits.scheduler.inFlightMax);
    expect(new Set(made.map(({ id }) => id)).size).toBe(count);
  });

  it('asks for nothing while the wall clock cannot be trusted, and for all that is due when it can again', async () => {
    const id = await send(1, nowSecond() - 5);
    await side.settled();
    const { made, note, all } = calls(1);
    let isPaused = true;
    const looks = Promise.withResolvers<void>();
    let looked = 0;
    const refundPacket = async (packet: PacketId): Promise<RefundOutcome> => {
      note(packet);
      return ended;
    };
    const pausedMs = (): number => {
      looked += 1;
      if (looked === 3) looks.resolve();
      return isPaused ? 60_000 : 0;
    };
    const scheduler = start(refundPacket, { refunds: { refundPacket, pausedMs } });
    await looks.promise;
    expect(await scheduler.status()).toMatchObject({ paused: true, due: 1, inFlight: 0 });
    expect(made).toEqual([]);
    isPaused = false;
    await all;
    expect(made.map((call) => call.id)).toEqual([id]);
  });

  it('takes over the shards of one that died, and leaves those of a living one alone', async () => {
    const leases = createLeaseStore(database.pool);
    const now = nowSecond();
    for (let number = 0; number < 60; number++) await send(number, now - 1);
    await side.settled();
    // A dead holder of everything, whose leases run out soon.
    for (let shard = 0; shard < limits.scheduler.shards; shard++) {
      await leases.acquire(`scheduler/${shard}`, 'the dead', 500);
    }
    const { note, all } = calls(60);
    const scheduler = start(async (id) => {
      note(id);
      return ended;
    });
    const standby = start(
      async () => {
        throw new Error('not its shard');
      },
      { leases: { acquire: async () => false, release: async () => {}, list: async () => [] } },
    );
    await all;
    const { shards } = await scheduler.status();
    expect(shards).toHaveLength(limits.scheduler.shards);
    expect((await standby.status()).shards).toEqual([]);
  });
});
