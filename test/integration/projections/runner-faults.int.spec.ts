import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { EventLog, SubscriptionItem } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { groupConversationId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import type { BusMessage } from '../../../src/projections/bus.ts';
import { CheckpointMoved, loadCheckpoint, moveCheckpoint } from '../../../src/projections/checkpoints.ts';
import { LiveRowsAhead } from '../../../src/projections/rebuild/compare-with-live.ts';
import { loadGenerations } from '../../../src/projections/generations.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import { partitionOf } from '../../../src/projections/partitions.ts';
import { readStoredStatus } from '../../../src/projections/read-status.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';
import type { SharedLeaseStore } from '../../../src/runtime/leases.ts';
import {
  alice,
  aliceAndBob,
  bob,
  carol,
  dave,
  groupId,
  poisonMessage,
  userId,
} from '../../support/domain-fixtures.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import {
  expectTablesToEqualLog,
  logger,
  nextMessage,
  readSideOn,
  runtime,
  readSides,
  startReadSide,
  untilTrue,
} from './support.ts';

const sides = readSides();
/** The partition of a stream in a generation that is made now. */
const partitionIn = (stream: string): number => partitionOf(stream, limits.projections.partitions);

/** A heartbeat that does not speak of the partition any more, since it stands still. */
const isWithout =
  (name: string, partition: number) =>
  (message: BusMessage): boolean =>
    message.kind === 'progress' &&
    !message.projections.some(
      ({ projection, partitions }) => projection === name && partitions.includes(partition),
    );

/** As after a partition of the network: whoever asks is told that the lease is theirs. */
const leasesForAll: SharedLeaseStore = {
  acquire: async () => true,
  release: async () => {},
  list: async () => [],
};

const opened = (userId: UserId): DomainEvent => ({ type: 'WalletOpened', data: { userId } });

describe('writers', () => {
  it('that write the same generation at once write everything once: one commits, the other begins anew', async () => {
    const one = sides.start({ leases: leasesForAll });
    const other = sides.start({ log: one.log, leases: leasesForAll });
    await new HistoryWriter(one.log).play(fixedSteps(600));
    await one.settled();
    await other.settled();
    await expectTablesToEqualLog(sides.database.pool, one.log.events);
  });

  it('of a generation that was swapped away fail their compare-and-set', async () => {
    const side = sides.start();
    await new HistoryWriter(side.log).play(fixedSteps(100));
    await side.settled();
    const key = { name: 'wallet', generation: 1, partition: 0 };
    const checkpoint = await loadCheckpoint(sqlOn(sides.database.pool), key);
    await rebuild({ log: side.log, pool: sides.database.pool, runtime, logger }, [walletProjection]);
    const late = inTransaction(sides.database.pool, {}, (tx) =>
      moveCheckpoint(tx, key, checkpoint!, { ...checkpoint!, position: checkpoint!.position + 1n }),
    );
    await expect(late).rejects.toBeInstanceOf(CheckpointMoved);
  });

  it('of which the second waits for the first one’s commit and then writes nothing', async () => {
    const side = sides.start();
    await new HistoryWriter(side.log).append(streams.wallet(alice), [opened(alice)]);
    await side.settled();
    await side.stop();
    const key = { name: 'wallet', generation: 1, partition: 0 };
    const from = (await loadCheckpoint(sqlOn(sides.database.pool), key))!;
    const moveTo = (position: bigint): Promise<void> =>
      inTransaction(sides.database.pool, {}, (tx) => moveCheckpoint(tx, key, from, { ...from, position }));
    const outcomes = await Promise.allSettled([moveTo(107n), moveTo(109n)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are replaced by a standby when they stop, without loss or repetition', async () => {
    const one = sides.start();
    await one.settled();
    const writer = new HistoryWriter(one.log);
    await writer.play(fixedSteps(200));
    const other = sides.start({ log: one.log });
    await one.stop();
    await writer.play(fixedSteps(200, 7));
    await other.settled();
    await expectTablesToEqualLog(sides.database.pool, one.log.events);
  });
});

describe('a process that slept for longer than its leases last', () => {
  it('takes them up again, and its projections go on', async () => {
    let nowMs = runtime.clock.monotonicMs();
    let store = Promise.resolve();
    const slow: SharedLeaseStore = {
      acquire: async () => {
        await store;
        return true;
      },
      release: async () => {},
      list: async () => [],
    };
    const clock = { nowMs: () => runtime.clock.nowMs(), monotonicMs: () => nowMs };
    const side = sides.start({ leases: slow, runtime: { ...runtime, clock } });
    const writer = new HistoryWriter(side.log);
    await writer.append(streams.wallet(alice), [opened(alice)]);
    await side.settled();
    const answer = Promise.withResolvers<void>();
    store = answer.promise;
    nowMs += limits.projections.leaseTtlMs;
    await untilTrue(() => side.runner.status().length === 0);
    answer.resolve();
    await writer.append(streams.wallet(bob), [opened(bob)]);
    await side.settled();
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });
});

describe('a crash between commit and publish', () => {
  it('shows in the next heartbeat as a change that was never announced', async () => {
    const bus = inProcessBus(logger);
    const lossy = {
      ...bus,
      publish: (message: BusMessage) => message.kind === 'progress' && bus.publish(message),
    };
    const one = sides.start({ bus: lossy });
    await new HistoryWriter(one.log).append(streams.wallet(alice), [opened(alice)]);
    await one.settled();
    await one.stop();
    expect(one.messages.filter(({ kind }) => kind === 'changes')).toEqual([]);

    const healthy = inProcessBus(logger);
    const heartbeat = nextMessage(healthy, ({ kind }) => kind === 'progress');
    sides.start({ log: one.log, bus: healthy });
    const message = await heartbeat;
    const wallet =
      message.kind === 'progress' && message.projections.find(({ projection }) => projection === 'wallet');
    expect(wallet).toMatchObject({ changed: one.log.events[0]!.position });
  });

  it('and a lost message show in the next message’s `previous`', async () => {
    const side = sides.start();
    const writer = new HistoryWriter(side.log);
    for (const number of [1, 2, 3]) {
      const user = `01890a5d-ac96-774b-bcce-00000000000${number}` as UserId;
      await writer.append(streams.wallet(user), [opened(user)]);
      await side.settled();
    }
    const changes = side.messages.filter(
      (message) => message.kind === 'changes' && message.projection === 'wallet',
    );
    const places = changes.map(
      (message) =>
        message.kind === 'changes' && [
          ...new Set(message.partitions.map(({ previous }) => previous)),
          message.checkpoint,
        ],
    );
    const [a, b, c] = side.log.events.map(({ position }) => position);
    expect(places).toEqual([
      [-1n, a],
      [a, b],
      [b, c],
    ]);
  });
});

describe('a database that lost its last commits in a crash', () => {
  it('gets them again from the log, also when nothing more happens', async () => {
    const side = sides.start();
    const writer = new HistoryWriter(side.log);
    await writer.append(streams.wallet(alice), [opened(alice)]);
    await side.settled();
    const key = { name: 'wallet', generation: 1, partition: partitionIn(streams.wallet(bob)) };
    const before = (await loadCheckpoint(sqlOn(sides.database.pool), key))!;
    await writer.append(streams.wallet(bob), [opened(bob)]);
    await side.settled();
    await inTransaction(sides.database.pool, {}, async (tx) => {
      // A crash is no update, which the database would not take.
      await tx.execute('alter table projection.checkpoint disable trigger checkpoint_goes_forward');
      await tx.execute('delete from read.wallet where user_id = $1', [bob]);
      await moveCheckpoint(tx, key, (await loadCheckpoint(tx, key))!, before);
      await tx.execute('alter table projection.checkpoint enable trigger checkpoint_goes_forward');
    });
    await untilTrue(async () => {
      const { rows } = await sides.database.pool.query('select from read.wallet where user_id = $1', [bob]);
      return rows.length === 1;
    });
    await expectTablesToEqualLog(sides.database.pool, side.log.events);
  });
});

describe('a database that is not to be reached', () => {
  it.each([
    ['whose name does not resolve', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    ['that refuses the password', { code: '28P01' }],
  ])(
    '%s stops no projection: all go on when it is back, those that only move on too',
    async (_, properties) => {
      let isDown = false;
      const pool: pg.Pool = new Proxy(sides.database.pool, {
        get(target, name) {
          if (isDown && (name === 'connect' || name === 'query')) {
            return async () => {
              throw Object.assign(new Error('the way to the database is closed'), properties);
            };
          }
          const value = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const side = sides.stopped(startReadSide(pool, { leases: leasesForAll }));
      const states = (): Set<string> => new Set(side.runner.status().map(({ state }) => state));
      const writer = new HistoryWriter(side.log);
      await writer.append(streams.wallet(alice), [opened(alice)]);
      await side.settled();
      isDown = true;
      await writer.append(streams.wallet(bob), [opened(bob)]);
      // One has rows to write; the next heartbeat makes the others write where they are.
      await untilTrue(() => states().size > 0 && !states().has('running'));
      expect(states()).toEqual(new Set(['retrying']));
      isDown = false;
      await untilTrue(() => states().has('running') && states().size === 1);
      await side.settled();
      await expectTablesToEqualLog(sides.database.pool, side.log.events);
    },
  );
});

describe('a poison event', () => {
  it('stops its partition, which says where and why; what came before it is there, all others go on', async () => {
    const side = sides.start();
    const writer = new HistoryWriter(side.log);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
    const partition = partitionIn(streams.conversation(aliceAndBob));
    const otherChat = groupConversationId(groupId(2));
    expect(partitionIn(streams.conversation(otherChat))).not.toBe(partition);
    const stopped = nextMessage(side.bus, isWithout('messages', partition));
    const walletWritten = nextMessage(
      side.bus,
      (message) => message.kind === 'changes' && message.projection === 'wallet',
    );
    await writer.append(streams.conversation(aliceAndBob), [poisonMessage]);
    await writer.append(streams.wallet(alice), [opened(alice)]);
    await Promise.all([stopped, walletWritten]);
    const otherWritten = nextMessage(
      side.bus,
      (message) => message.kind === 'changes' && message.projection === 'messages',
    );
    await writer.notice(otherChat, { kind: 'group-created', by: alice, memberIds: [] });
    await otherWritten;

    const ofMessages = side.runner.status().filter(({ projection }) => projection === 'messages');
    const status = ofMessages.find(({ partition: one }) => one === partition);
    expect(new Set(ofMessages.filter((one) => one !== status).map(({ state }) => state))).toEqual(
      new Set(['running']),
    );
    const position = side.log.events[1]!.position.toString();
    const event = { stream: streams.conversation(aliceAndBob), revision: 1, type: 'MessageSent', position };
    expect(status).toMatchObject({ state: 'halted', failure: { reason: 'poison', event } });
    expect(status?.failure?.message).toContain('invalid input syntax for type uuid');
    expect(
      (await sides.database.pool.query('select conversation_id, seq from read.message order by 1')).rows,
    ).toEqual([
      { conversation_id: aliceAndBob, seq: 1n },
      { conversation_id: otherChat, seq: 1n },
    ]);
    expect((await sides.database.pool.query('select user_id from read.wallet')).rows).toEqual([
      { user_id: alice },
    ]);

    await side.stop();
    const stored = (await readStoredStatus(sides.database.pool)).find(
      (one) => one.projection === 'messages' && one.partition === partition,
    );
    expect(stored?.failure?.event).toEqual(event);
  });

  it('of a type that nobody knows stops those who read its stream, and only those', async () => {
    const side = sides.start();
    const writer = new HistoryWriter(side.log);
    const stranger = { type: 'SomethingNew', data: {} } as unknown as DomainEvent;
    const stopped = nextMessage(side.bus, isWithout('friends', partitionIn('friendship-x')));
    await writer.append('friendship-x', [stranger]);
    await stopped;
    const halted = side.runner.status().filter(({ state }) => state === 'halted');
    expect(halted.map(({ projection }) => projection)).toContain('friends');
    expect(halted.map(({ projection }) => projection)).not.toContain('wallet');
  });
});

describe('a log that is not the one that the rows came from', () => {
  it('stops the projections when it is shorter than their checkpoints, and a rebuild helps', async () => {
    const one = sides.start();
    await new HistoryWriter(one.log).play(fixedSteps(200));
    await one.settled();
    await one.stop();

    const shorter = sides.start({ bus: inProcessBus(logger) });
    const writer = new HistoryWriter(shorter.log);
    await writer.append(streams.wallet(alice), [opened(alice)]);
    await untilTrue(() => shorter.runner.status().some(({ failure }) => failure?.reason === 'ahead'));
    const wallet = shorter.runner.status().find(({ projection }) => projection === 'wallet');
    expect(wallet).toMatchObject({ state: 'halted', failure: { reason: 'ahead' } });
    expect(wallet?.failure?.message).toContain('hongbao projections rebuild wallet');

    await rebuild({ log: shorter.log, pool: sides.database.pool, runtime, logger }, [walletProjection]);
    expect((await sides.database.pool.query('select user_id from read.wallet')).rows).toEqual([
      { user_id: alice },
    ]);
  });

  it('stops them for good: also when it has grown beyond their checkpoints with other events', async () => {
    const one = sides.start();
    const before = new HistoryWriter(one.log);
    for (const user of [alice, bob, carol]) await before.append(streams.wallet(user), [opened(user)]);
    await one.settled();
    await one.stop();

    const shorter = sides.start({ bus: inProcessBus(logger) });
    const after = new HistoryWriter(shorter.log);
    await after.append(streams.wallet(dave), [opened(dave)]);
    await untilTrue(() => shorter.runner.status().some(({ failure }) => failure?.reason === 'ahead'));
    await shorter.stop();
    for (const number of [5, 6, 7, 8]) {
      await after.append(streams.wallet(userId(number)), [opened(userId(number))]);
    }
    expect(await shorter.log.head()).toBeGreaterThan(await one.log.head());

    const again = sides.start({ log: shorter.log, bus: inProcessBus(logger) });
    const wallet = () => again.runner.status().find(({ projection }) => projection === 'wallet');
    await untilTrue(() => wallet() !== undefined);
    expect(wallet()).toMatchObject({ state: 'halted', failure: { reason: 'ahead' } });
    await rebuild({ log: again.log, pool: sides.database.pool, runtime, logger }, allProjections);
    await untilTrue(() => wallet()?.state === 'running');
    await again.settled();
    await expectTablesToEqualLog(sides.database.pool, again.log.events);
  });

  it('cannot be compared with rows that are beyond its end: that is refused, and nothing is changed', async () => {
    const one = sides.start();
    await new HistoryWriter(one.log).append(streams.wallet(alice), [opened(alice)]);
    await one.settled();
    await one.stop();
    const deps = { log: new InMemoryEventLog(), pool: sides.database.pool, runtime, logger };
    await expect(auditReadModels(deps)).rejects.toBeInstanceOf(LiveRowsAhead);
    await expect(rebuild(deps, [walletProjection], { compare: true })).rejects.toThrow(
      'Run: hongbao projections rebuild wallet',
    );
    expect(await loadGenerations(sqlOn(sides.database.pool), 'wallet')).toMatchObject([
      { number: 1, state: 'live' },
    ]);
  });

  it('stops them when its epoch is another one, also when that begins while they run', async () => {
    const side = sides.start();
    const writer = new HistoryWriter(side.log);
    const begin = (epoch: string): Promise<void> =>
      writer.append(streams.logEpoch, [{ type: 'EpochBegun', data: { epoch } }]);
    await begin('first');
    await writer.append(streams.wallet(alice), [opened(alice)]);
    await side.settled();
    await begin('second');
    // A new session looks at everything: until then there are lanes, or nothing at all.
    await untilTrue(() => side.runner.status().some(({ failure }) => failure !== undefined));
    const reasons = side.runner.status().map(({ projection, failure }) => `${projection} ${failure?.reason}`);
    expect([...new Set(reasons)]).toEqual(allProjections.map(({ name }) => `${name} epoch`));
  });

  it('is not suspected when the subscription was further than the newest event: system events lie there', async () => {
    const log = new InMemoryEventLog();
    const far = 1_000_000n;
    const withSystemEvents: EventLog = {
      append: (...args) => log.append(...args),
      readStream: (...args) => log.readStream(...args),
      readAll: (...args) => log.readAll(...args),
      head: () => log.head(),
      close: () => log.close(),
      subscribe(options) {
        const subscription = log.subscribe(options);
        async function* items(): AsyncGenerator<SubscriptionItem> {
          for await (const item of subscription) {
            yield item;
            if (item.kind === 'caught-up') yield { kind: 'checkpoint', position: far };
          }
        }
        return { [Symbol.asyncIterator]: items, close: () => subscription.close() };
      },
    };
    await new HistoryWriter(log).append(streams.wallet(alice), [opened(alice)]);
    const side = readSideOn(withSystemEvents, sides.database.pool);
    // The second one: what the first heartbeat made durable is then on its way or there.
    for (let heartbeat = 1; heartbeat <= 2; heartbeat++) {
      await nextMessage(
        side.bus,
        (message) =>
          message.kind === 'progress' && message.projections.every(({ reached }) => reached === far),
      );
    }
    await side.stop();
    const stored = await readStoredStatus(sides.database.pool);
    const head = await log.head();
    expect(stored.map(({ position }) => position)).toEqual(stored.map(() => head));
  });
});
