import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { auditReadModels } from '../../../src/projections/audit-read-models.ts';
import {
  type Checkpoint,
  CheckpointMoved,
  loadCheckpoints,
  moveCheckpoints,
} from '../../../src/projections/checkpoints.ts';
import { commandsProjection } from '../../../src/projections/commands-projection.ts';
import { cursorsProjection } from '../../../src/projections/cursors-projection.ts';
import { expiryProjection } from '../../../src/projections/expiry-projection.ts';
import { ensureFirstGeneration, loadLiveGeneration } from '../../../src/projections/generations.ts';
import { partitionOwners } from '../../../src/projections/partition-owners.ts';
import { partitionOf } from '../../../src/projections/partitions.ts';
import type { ProjectedEvent } from '../../../src/projections/projected-event.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { followPositions } from '../../../src/projections/projection-positions.ts';
import { readStoredStatus } from '../../../src/projections/read-status.ts';
import { rebuild } from '../../../src/projections/rebuild.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import type { SharedLeaseStore } from '../../../src/runtime/leases.ts';
import { aliceAndBob, deviceId, packetId, packetTerms, userId, uuid } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import {
  expectTablesToEqualLog,
  logger,
  type ReadSide,
  runtime,
  startReadSide,
  untilTrue,
} from './support.ts';

let database: TestDatabase;
const sides: ReadSide[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const side of sides.splice(0)) await side.stop();
  await database.drop();
});

function start(overrides: Parameters<typeof startReadSide>[1] = {}): ReadSide {
  const side = startReadSide(database.pool, overrides);
  sides.push(side);
  return side;
}

const opened = (user: UserId): DomainEvent => ({ type: 'WalletOpened', data: { userId: user } });

/** Leases of which only these can be had: as much as another process leaves. */
function onlyPartitions(...partitions: readonly number[]): SharedLeaseStore {
  return {
    acquire: async (name) =>
      name.includes('/member/') || partitions.some((partition) => name === `projections/${partition}`),
    release: async () => {},
    list: async () => [],
  };
}

const partitionsOf = (side: ReadSide): readonly number[] => [
  ...new Set(side.runner.status().map(({ partition }) => partition)),
];

describe('partitions of different writers', () => {
  const count = 400;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const place = (stream: string, position: number, commandId = uuid(position)) => ({
    stream,
    revision: 0,
    position: BigInt(position),
    timeMs: 1_700_000_000_000 + position,
    metadata: {
      $correlationId: uuid(1),
      $causationId: uuid(1),
      actor: 'system:test',
      commandId,
      bodyHash: '00',
      timeMs: 1_700_000_000_000 + position,
      schemaVersion: 1,
    },
  });
  const receipts = (shard: number, order: readonly number[]): ProjectedEvent[] => [
    {
      ...place(streams.receipts(shard), shard),
      type: 'ReceiptsAdvanced',
      data: {
        cursors: order.map((number) => ({
          userId: userId(number),
          deviceId: deviceId(number),
          conversationId: aliceAndBob,
          delivered: shard + 1,
          read: 10 - shard,
        })),
      },
    } as ProjectedEvent,
  ];
  const packets = (writer: number, order: readonly number[]): ProjectedEvent[] =>
    order.map((number) => {
      const id = packetId(2 * number + writer);
      return {
        ...place(streams.packet(id), number),
        type: 'PacketSent',
        data: packetTerms({ packetId: id }),
      } as ProjectedEvent;
    });
  const commands = (writer: number, order: readonly number[]): ProjectedEvent[] =>
    order.map((number) => ({ ...packets(writer, [number])[0]!, ...place('wallet-1', number, uuid(number)) }));

  async function writeAtOnce(projection: Projection, eventsOf: typeof receipts): Promise<void> {
    await inTransaction(database.pool, {}, (tx) => ensureFirstGeneration(tx, projection, ''));
    const writers = [0, 1].map((writer) =>
      inTransaction(database.pool, {}, async (tx) => {
        const order = writer === 0 ? numbers : numbers.toReversed();
        await projection.fold(eventsOf(writer, order)).write(tx, `${projection.name}_g1`);
      }),
    );
    await Promise.all(writers);
  }

  it('merge the same cursors, whichever is first, and neither waits in a circle', async () => {
    await writeAtOnce(cursorsProjection, receipts);
    const { rows } = await database.pool.query(
      'select delivered, read, count(*)::integer from read.user_cursor group by 1, 2',
    );
    expect(rows).toEqual([{ delivered: 2n, read: 10n, count }]);
  });

  it('count the packets of the same shards together', async () => {
    await writeAtOnce(expiryProjection, packets);
    const { rows } = await database.pool.query(
      'select sum(pending)::integer as pending from read.expiry_count',
    );
    expect(rows).toEqual([{ pending: 2 * count }]);
  });

  it('write down the same commands, and neither waits in a circle', async () => {
    await writeAtOnce(commandsProjection, commands);
    const { rows } = await database.pool.query('select count(*)::integer from hongbao_write.command_history');
    expect(rows).toEqual([{ count }]);
  });

  it('that both have one of them: only one commits, and the other moves nothing, not even what it has alone', async () => {
    await inTransaction(database.pool, {}, (tx) => ensureFirstGeneration(tx, cursorsProjection, ''));
    const generation = { name: 'cursors', generation: 1 };
    const from: Checkpoint = { epoch: '', position: -1n, changed: -1n };
    const move = (position: bigint, ...partitions: number[]) =>
      inTransaction(database.pool, {}, (tx) =>
        moveCheckpoints(
          tx,
          generation,
          partitions.map((partition) => ({ partition, from, to: { ...from, position } })),
        ),
      );
    const outcomes = await Promise.allSettled([move(1n, 4, 3, 2), move(2n, 2, 3, 5)]);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost.map(({ reason }) => reason)).toEqual([expect.any(CheckpointMoved)]);
    const keys = [2, 3, 4, 5].map((partition) => ({ ...generation, partition }));
    const positions = (await loadCheckpoints(sqlOn(database.pool), keys)).map((one) => one?.position);
    expect([
      [1n, 1n, 1n, -1n],
      [2n, 2n, -1n, 2n],
    ]).toContainEqual(positions);
  });
});

describe('two processes', () => {
  it('share the partitions out evenly, say which they have, and take over what the other leaves', async () => {
    const one = start({ owner: 'one' });
    const other = start({ owner: 'other', log: one.log, bus: one.bus });
    const writer = new HistoryWriter(one.log);
    await untilTrue(async () => {
      await writer.play(fixedSteps(20));
      return partitionsOf(one).length === 4 && partitionsOf(other).length === 4;
    });
    expect([...partitionsOf(one), ...partitionsOf(other)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const owners = await partitionOwners(createLeaseStore(database.pool));
    expect([...owners.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const partition of partitionsOf(one)) expect(owners.get(partition)).toBe('one');
    await one.settled();
    await expectTablesToEqualLog(database.pool, one.log.events);

    await one.stop();
    await untilTrue(async () => {
      await writer.play(fixedSteps(20, 7));
      return partitionsOf(other).length === 8;
    });
    await other.settled();
    await expectTablesToEqualLog(database.pool, one.log.events);
  });

  it('tell at once how far they are, also where they had nothing to write', async () => {
    // Without heartbeats: nobody has another occasion.
    const quiet = { ...runtime, timers: { ...runtime.timers, every: () => ({ cancel: () => undefined }) } };
    const one = start({ runtime: quiet, leases: onlyPartitions(0, 1, 2, 3) });
    const other = start({ log: one.log, bus: one.bus, runtime: quiet, leases: onlyPartitions(4, 5, 6, 7) });
    await untilTrue(() => partitionsOf(one).length === 4 && partitionsOf(other).length === 4);
    const positions = followPositions(one.bus, runtime);
    const writer = new HistoryWriter(one.log);
    for (const number of [1, 2, 3]) {
      await writer.append(streams.wallet(userId(number)), [opened(userId(number))]);
      const head = await one.log.head();
      expect(await positions.waitFor(['wallet', 'groups', 'friends'], head)).toBe(true);
    }
    positions.close();
  });

  it('go on while everything is rebuilt, into another number of partitions', async () => {
    const one = start({ leases: onlyPartitions(0, 1, 2, 3) });
    const other = start({ log: one.log, bus: one.bus, leases: onlyPartitions(4, 5, 6, 7) });
    const writer = new HistoryWriter(one.log);
    await writer.play(fixedSteps(300));
    const deps = { log: one.log, pool: database.pool, runtime, logger, partitions: 5 };
    const rebuilding = rebuild(deps, allProjections, { compare: true });
    await writer.play(fixedSteps(300, 7));
    const results = await rebuilding;
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
    await writer.play(fixedSteps(100, 9));
    await one.settled();
    await expectTablesToEqualLog(database.pool, one.log.events);
    expect([...partitionsOf(one), ...partitionsOf(other)].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a generation', () => {
  it('keeps the number of partitions that it was made with, until it is rebuilt', async () => {
    const before = start({ partitions: 2 });
    const writer = new HistoryWriter(before.log);
    await writer.play(fixedSteps(200));
    await before.settled();
    await before.stop();

    const after = start({ log: before.log, partitions: 5 });
    await writer.play(fixedSteps(200, 7));
    await after.settled();
    expect(partitionsOf(after)).toEqual([0, 1]);
    await expectTablesToEqualLog(database.pool, after.log.events);

    await rebuild({ log: after.log, pool: database.pool, runtime, logger, partitions: 5 }, allProjections);
    await writer.play(fixedSteps(200, 9));
    await untilTrue(() => partitionsOf(after).length === 5);
    await after.settled();
    await expectTablesToEqualLog(database.pool, after.log.events);
    await after.stop();

    // A smaller setting leaves none of the five alone.
    const fewer = start({ log: before.log, partitions: 1 });
    await writer.play(fixedSteps(100, 11));
    await fewer.settled();
    expect(partitionsOf(fewer)).toEqual([0, 1, 2, 3, 4]);
    await expectTablesToEqualLog(database.pool, fewer.log.events);
  });

  it('whose partitions are not equally far equals a replay that ends as unevenly', async () => {
    const log = start({ leases: onlyPartitions(0, 1, 2, 3, 4, 5, 6, 7) }).log;
    const writer = new HistoryWriter(log);
    await writer.play(fixedSteps(300));
    await sides[0]!.settled();
    await sides[0]!.stop();
    // Nobody has the others now.
    const some = start({ log, leases: onlyPartitions(1, 6) });
    await writer.play(fixedSteps(600, 7));
    const head = await log.head();
    await untilTrue(() => {
      const status = some.runner.status();
      return status.length > 0 && status.every(({ reached }) => reached >= head);
    });
    await some.stop();
    const positions = (await readStoredStatus(database.pool)).map(({ position }) => position);
    expect(new Set(positions).size).toBeGreaterThan(1);

    const deps = { log, pool: database.pool, runtime, logger };
    expect(await auditReadModels(deps)).toEqual([]);
    const results = await rebuild({ ...deps, partitions: 3 }, allProjections, { compare: true });
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
    await expectTablesToEqualLog(database.pool, log.events);
  });

  it('is told apart from a wrong one when one row of one partition is missing', async () => {
    const side = start();
    const users = [1, 2, 3, 4].map(userId);
    const writer = new HistoryWriter(side.log);
    for (const user of users) await writer.append(streams.wallet(user), [opened(user)]);
    await side.settled();
    await database.pool.query('delete from read.wallet where user_id = $1', [users[0]]);
    const differences = await auditReadModels({ log: side.log, pool: database.pool, runtime, logger });
    expect(differences).toMatchObject([{ projection: 'wallet', table: 'wallet', onlyIn: 'replay' }]);
    const live = await loadLiveGeneration(sqlOn(database.pool), 'wallet');
    expect(live?.partitions).toBe(limits.projections.partitions);
    expect(new Set(users.map((user) => partitionOf(streams.wallet(user), 8))).size).toBeGreaterThan(1);
  });
});
