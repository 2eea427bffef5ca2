import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import type { PacketId, UserId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import {
  type Checkpoint,
  CheckpointMoved,
  loadCheckpoints,
  moveCheckpoints,
} from '../../../src/projections/checkpoints.ts';
import { commandsProjection } from '../../../src/projections/commands-projection.ts';
import { cursorsProjection } from '../../../src/projections/cursors-projection.ts';
import { expiryProjection, expiryShardOf } from '../../../src/projections/expiry-projection.ts';
import { ensureFirstGeneration, loadLiveGeneration } from '../../../src/projections/generations.ts';
import { partitionOwners } from '../../../src/projections/partition-owners.ts';
import { partitionOf } from '../../../src/projections/partitions.ts';
import type { ProjectedEvent } from '../../../src/projections/projected-event.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { followPositions } from '../../../src/projections/projection-positions.ts';
import { readStoredStatus } from '../../../src/projections/read-status.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import type { SharedLeaseStore } from '../../../src/runtime/leases.ts';
import { aliceAndBob, deviceId, packetId, packetTerms, userId, uuid } from '../../support/domain-fixtures.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { expectTablesToEqualLog, logger, type ReadSide, runtime, readSides, untilTrue } from './support.ts';

const sides = readSides();
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
  const place = (stream: string, position: number, commandId: string = uuid(position)) => ({
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
  const receipts = (shard: number, order: readonly number[], devicesFrom = 0): ProjectedEvent[] => [
    {
      ...place(streams.receipts(shard), shard),
      type: 'ReceiptsAdvanced',
      data: {
        cursors: order.map((number) => ({
          userId: userId(number),
          deviceId: deviceId(devicesFrom + number),
          conversationId: aliceAndBob,
          delivered: shard,
          read: 10 - shard,
        })),
      },
    } as ProjectedEvent,
  ];
  const commands = (stream: string, order: readonly number[]): ProjectedEvent[] =>
    order.map((number) => ({ type: 'WalletOpened', data: {}, ...place(stream, number) }) as ProjectedEvent);
  const packetSent = (id: PacketId): ProjectedEvent =>
    ({
      type: 'PacketSent',
      data: packetTerms({ packetId: id }),
      ...place(streams.packet(id), 1),
    }) as ProjectedEvent;

  /** Writes the events in one transaction, as a writer of some partitions does. */
  const write = (projection: Projection, events: readonly ProjectedEvent[]): Promise<void> =>
    inTransaction(sides.database.pool, {}, async (tx) => {
      await projection.fold(events).write(tx, `${projection.name}_g1`);
    });

  /**
   * Two writers at once, of which each has some rows and wants others: somebody else holds the rows that `held`
   * selects until both wait. Taken in any order, their rows would then be a deadlock, and one of them would fail.
   */
  async function writeAtOnce(
    projection: Projection,
    held: string,
    batches: readonly (readonly ProjectedEvent[])[],
  ): Promise<void> {
    let isWaitedFor: Promise<unknown> = Promise.resolve();
    await inTransaction(sides.database.pool, {}, async (tx) => {
      await tx.query(`${held} for update`);
      isWaitedFor = Promise.all(batches.map((events) => write(projection, events)));
      isWaitedFor.catch(() => undefined);
      await untilTrue(async () => {
        const { rows } = await sides.database.pool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length === batches.length;
      });
    });
    await isWaitedFor;
  }

  const ensure = (projection: Projection): Promise<void> =>
    inTransaction(sides.database.pool, {}, (tx) => ensureFirstGeneration(tx, projection, ''));

  it('merge the same cursors of the same devices, whichever is first, and never wait in a circle', async () => {
    await ensure(cursorsProjection);
    await write(cursorsProjection, receipts(0, [1, 2, 3]));
    await writeAtOnce(
      cursorsProjection,
      `select from read.device_cursor where device_id = '${deviceId(2)}'`,
      [receipts(1, [1, 2, 3]), receipts(2, [3, 2, 1])],
    );
    const { rows } = await sides.database.pool.query(
      'select delivered, read, count(*)::integer from read.user_cursor group by 1, 2',
    );
    expect(rows).toEqual([{ delivered: 2n, read: 10n, count: 3 }]);
  });

  it('merge the same cursors of different devices, and never wait in a circle', async () => {
    await ensure(cursorsProjection);
    await write(cursorsProjection, receipts(0, [1, 2, 3]));
    await writeAtOnce(cursorsProjection, `select from read.user_cursor where user_id = '${userId(2)}'`, [
      receipts(1, [1, 2, 3], 100),
      receipts(2, [3, 2, 1], 200),
    ]);
    const { rows } = await sides.database.pool.query(
      'select delivered, read, count(*)::integer from read.user_cursor group by 1, 2',
    );
    expect(rows).toEqual([{ delivered: 2n, read: 10n, count: 3 }]);
  });

  it('count the packets of the same shards together, and never wait in a circle', async () => {
    await ensure(expiryProjection);
    const ofShard = (shard: number): PacketId[] =>
      Array.from({ length: 500 }, (_, number) => packetId(number)).filter(
        (id) => expiryShardOf(id) === shard,
      );
    const batch = (which: number, ...shards: number[]): ProjectedEvent[] =>
      shards.map((shard) => packetSent(ofShard(shard)[which]!));
    await write(expiryProjection, batch(0, 1, 2, 3));
    await writeAtOnce(expiryProjection, 'select from read.expiry_count where shard = 2', [
      batch(1, 1, 2, 3),
      batch(2, 3, 2, 1),
    ]);
    const { rows } = await sides.database.pool.query(
      'select shard, pending from read.expiry_count order by shard',
    );
    expect(rows).toEqual([1, 2, 3].map((shard) => ({ shard, pending: 3n })));
  });

  it('write down the same commands, and never wait in a circle', async () => {
    await ensure(commandsProjection);
    await write(commandsProjection, commands('wallet-1', [1, 2, 3]));
    await writeAtOnce(
      commandsProjection,
      `select from hongbao_write.command_history where command_id = '${uuid(2)}'`,
      [commands('wallet-1', [1, 2, 3]), commands('wallet-1', [3, 2, 1])],
    );
    const { rows } = await sides.database.pool.query(
      'select count(*)::integer from hongbao_write.command_history',
    );
    expect(rows).toEqual([{ count: 3 }]);
  });

  it('do not wait for each other to forget old commands', async () => {
    await ensure(commandsProjection);
    await sides.database.pool.query(
      `insert into hongbao_write.command_history values ($1, '00', 'wallet-1', 0, 0, 5, '')`,
      [uuid(7)],
    );
    const left = (): Promise<unknown[]> =>
      sides.database.pool
        .query('select command_id from hongbao_write.command_history order by 1')
        .then(({ rows }) => rows.map((row: { command_id: string }) => row.command_id));
    await inTransaction(sides.database.pool, {}, async (tx) => {
      await tx.query('select from hongbao_write.command_history for update');
      await write(commandsProjection, commands('wallet-1', [1]));
      expect(await left()).toEqual([uuid(1), uuid(7)]);
    });
    await write(commandsProjection, commands('wallet-1', [2]));
    expect(await left()).toEqual([uuid(1), uuid(2)]);
  });

  it('that both have one of them: only one commits, and the other moves nothing, not even what it has alone', async () => {
    await inTransaction(sides.database.pool, {}, (tx) => ensureFirstGeneration(tx, cursorsProjection, ''));
    const generation = { name: 'cursors', generation: 1 };
    const from: Checkpoint = { epoch: '', position: -1n, changed: -1n };
    const move = (position: bigint, ...partitions: number[]) =>
      inTransaction(sides.database.pool, {}, (tx) =>
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
    const positions = (await loadCheckpoints(sqlOn(sides.database.pool), keys)).map((one) => one?.position);
    expect([
      [1n, 1n, 1n, -1n],
      [2n, 2n, -1n, 2n],
    ]).toContainEqual(positions);
  });
});

describe('two processes', () => {
  it('share the partitions out evenly, say which they have, and take over what the other leaves', async () => {
    const one = sides.start({ owner: 'one' });
    const other = sides.start({ owner: 'other', log: one.log, bus: one.bus });
    const writer = new HistoryWriter(one.log);
    await untilTrue(async () => {
      await writer.play(fixedSteps(20));
      return partitionsOf(one).length === 4 && partitionsOf(other).length === 4;
    });
    expect([...partitionsOf(one), ...partitionsOf(other)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const owners = await partitionOwners(createLeaseStore(sides.database.pool));
    expect([...owners.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const partition of partitionsOf(one)) expect(owners.get(partition)).toBe('one');
    await one.settled();
    await expectTablesToEqualLog(sides.database.pool, one.log.events);

    await one.stop();
    await untilTrue(async () => {
      await writer.play(fixedSteps(20, 7));
      return partitionsOf(other).length === 8;
    });
    await other.settled();
    await expectTablesToEqualLog(sides.database.pool, one.log.events);
  });

  it('tell at once how far they are, also where they had nothing to write', async () => {
    // Without heartbeats: nobody has another occasion.
    const quiet = { ...runtime, timers: { ...runtime.timers, every: () => ({ cancel: () => undefined }) } };
    const one = sides.start({ runtime: quiet, leases: onlyPartitions(0, 1, 2, 3) });
    const other = sides.start({
      log: one.log,
      bus: one.bus,
      runtime: quiet,
      leases: onlyPartitions(4, 5, 6, 7),
    });
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
    const one = sides.start({ leases: onlyPartitions(0, 1, 2, 3) });
    const other = sides.start({ log: one.log, bus: one.bus, leases: onlyPartitions(4, 5, 6, 7) });
    const writer = new HistoryWriter(one.log);
    await writer.play(fixedSteps(300));
    const deps = { log: one.log, pool: sides.database.pool, runtime, logger, partitions: 5 };
    const rebuilding = rebuild(deps, allProjections, { compare: true });
    await writer.play(fixedSteps(300, 7));
    const results = await rebuilding;
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
    await writer.play(fixedSteps(100, 9));
    await one.settled();
    await expectTablesToEqualLog(sides.database.pool, one.log.events);
    expect([...partitionsOf(one), ...partitionsOf(other)].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a generation', () => {
  it('keeps the number of partitions that it was made with, until it is rebuilt', async () => {
    const before = sides.start({ partitions: 2 });
    const writer = new HistoryWriter(before.log);
    await writer.play(fixedSteps(200));
    await before.settled();
    await before.stop();

    const after = sides.start({ log: before.log, partitions: 5 });
    await writer.play(fixedSteps(200, 7));
    await after.settled();
    expect(partitionsOf(after)).toEqual([0, 1]);
    await expectTablesToEqualLog(sides.database.pool, after.log.events);

    await rebuild(
      { log: after.log, pool: sides.database.pool, runtime, logger, partitions: 5 },
      allProjections,
    );
    await writer.play(fixedSteps(200, 9));
    await untilTrue(() => partitionsOf(after).length === 5);
    await after.settled();
    await expectTablesToEqualLog(sides.database.pool, after.log.events);
    await after.stop();

    // A smaller setting leaves none of the five alone.
    const fewer = sides.start({ log: before.log, partitions: 1 });
    await writer.play(fixedSteps(100, 11));
    await fewer.settled();
    expect(partitionsOf(fewer)).toEqual([0, 1, 2, 3, 4]);
    await expectTablesToEqualLog(sides.database.pool, fewer.log.events);
  });

  it('whose partitions are not equally far equals a replay that ends as unevenly', async () => {
    const all = sides.start({ leases: onlyPartitions(0, 1, 2, 3, 4, 5, 6, 7) });
    const { log } = all;
    const writer = new HistoryWriter(log);
    await writer.play(fixedSteps(300));
    await all.settled();
    await all.stop();
    // Nobody has the others now.
    const some = sides.start({ log, leases: onlyPartitions(1, 6) });
    await writer.play(fixedSteps(600, 7));
    const head = await log.head();
    await untilTrue(() => {
      const status = some.runner.status();
      return status.length > 0 && status.every(({ reached }) => reached >= head);
    });
    await some.stop();
    const positions = (await readStoredStatus(sides.database.pool)).map(({ position }) => position);
    expect(new Set(positions).size).toBeGreaterThan(1);

    const deps = { log, pool: sides.database.pool, runtime, logger };
    expect(await auditReadModels(deps)).toEqual([]);
    const results = await rebuild({ ...deps, partitions: 3 }, allProjections, { compare: true });
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
    await expectTablesToEqualLog(sides.database.pool, log.events);
  });

  it('is told apart from a wrong one when one row of one partition is missing', async () => {
    const side = sides.start();
    const users = [1, 2, 3, 4].map(userId);
    const writer = new HistoryWriter(side.log);
    for (const user of users) await writer.append(streams.wallet(user), [opened(user)]);
    await side.settled();
    await sides.database.pool.query('delete from read.wallet where user_id = $1', [users[0]]);
    const differences = await auditReadModels({ log: side.log, pool: sides.database.pool, runtime, logger });
    expect(differences).toMatchObject([{ projection: 'wallet', table: 'wallet', onlyIn: 'replay' }]);
    const live = await loadLiveGeneration(sqlOn(sides.database.pool), 'wallet');
    expect(live?.partitions).toBe(limits.projections.partitions);
    expect(new Set(users.map((user) => partitionOf(streams.wallet(user), 8))).size).toBeGreaterThan(1);
  });
});
