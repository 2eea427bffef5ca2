import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appMetrics } from '../../../src/cli/app-metrics.ts';
import { readinessOf } from '../../../src/cli/readiness.ts';
import { recordSkip, recordUndoneSkip } from '../../../src/commands/skip-event.ts';
import type { EventLog, RecordedEvent } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { groupConversationId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import { createGeneration } from '../../../src/projections/generations.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import { messagesProjection } from '../../../src/projections/messages-projection.ts';
import { partitionOf } from '../../../src/projections/partitions.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { readSkips } from '../../../src/projections/read-skips.ts';
import { OtherSkips } from '../../../src/projections/rebuild/rebuild-errors.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { createRefundScheduler } from '../../../src/projections/scheduler/refund-scheduler.ts';
import { atStoppedEvent, retryStopped } from '../../../src/projections/stopped-partitions.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { prometheusText } from '../../../src/runtime/metrics/prometheus-text.ts';
import { readDoc } from '../../docs/read-doc.ts';
import { aliceAndBob, alice, bob, groupId, poisonMessage } from '../../support/domain-fixtures.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { HistoryWriter } from '../../support/random-history.ts';
import { logger, type ReadSide, runtime, startReadSide, untilTrue } from './support.ts';

const stream = streams.conversation(aliceAndBob);
const partition = partitionOf(stream, limits.projections.partitions);
const otherChat = groupConversationId(groupId(2));

let database: TestDatabase;
let log: InMemoryEventLog;
let writer: HistoryWriter;
const sides: ReadSide[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  log = new InMemoryEventLog();
  writer = new HistoryWriter(log);
});
afterEach(async () => {
  for (const side of sides.splice(0)) await side.stop();
  await database.drop();
});

/** A process that keeps read models. All share the log and the database, and nothing else but `bus`. */
function start(projections?: readonly Projection[], bus = inProcessBus(logger)): ReadSide {
  const side = startReadSide(database.pool, {
    log,
    bus,
    owner: 'here/1',
    ...(projections && { projections }),
  });
  sides.push(side);
  return side;
}

const deps = () => ({ log, pool: database.pool, runtime, logger });

const stops = () =>
  sides.flatMap(({ runner }) => runner.status()).filter(({ failure }) => failure !== undefined);

const messageSeqs = async (): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ seq: bigint }>(
    'select seq from read.message where conversation_id = $1 order by seq',
    [aliceAndBob],
  );
  return rows.map(({ seq }) => `${seq}`);
};

/** Notices before and behind a poison event, which is answered when the partition stands at it. */
async function poisoned(): Promise<RecordedEvent> {
  await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
  await writer.append(stream, [poisonMessage]);
  await writer.notice(aliceAndBob, { kind: 'friends-now', by: bob });
  await untilTrue(() => stops().length === 1);
  await untilTrue(async () => (await storedFailures()) === 1);
  return log.events[1]!;
}

const storedFailures = async (): Promise<number> => {
  const { rows } = await database.pool.query('select from projection.checkpoint where failure is not null');
  return rows.length;
};

/** What `hongbao projections skip` does. */
const skip = (position: bigint, reason = 'written by hand', by = 'ops') =>
  atStoppedEvent(database.pool, 'messages', { position }, ({ partition: at, event }) =>
    recordSkip({ log, runtime }, { projection: 'messages', partition: at, ...event, reason, by }),
  );

describe('a poison event in one partition', () => {
  it('leaves the other partitions of its projection, and the other projections, going', async () => {
    const side = start();
    await poisoned();
    await writer.notice(otherChat, { kind: 'group-created', by: alice, memberIds: [] });
    await writer.append(streams.wallet(alice), [{ type: 'WalletOpened', data: { userId: alice } }]);
    await untilTrue(async () => {
      const wallets = await database.pool.query('select from read.wallet');
      const chats = await database.pool.query('select from read.message where conversation_id = $1', [
        otherChat,
      ]);
      return wallets.rows.length === 1 && chats.rows.length === 1;
    });
    expect(await messageSeqs()).toEqual(['1']);
    const halted = side.runner.status().filter(({ state }) => state !== 'running');
    expect(halted).toMatchObject([{ projection: 'messages', partition, state: 'halted' }]);
  });
});

describe('a partition that an event stopped', () => {
  it('is in the health check, its own and that of the server it works for, and in the metrics with its event and the error; documented metrics all are', async () => {
    const side = start();
    const event = await poisoned();
    const writeSide = { processManagers: () => [] };
    const scheduler = createRefundScheduler({
      ...deps(),
      leases: createLeaseStore(database.pool),
      refunds: { refundPacket: async () => ({ kind: 'not-expired', expiresAtSecond: 0 }), pausedMs: () => 0 },
    });
    const parts = { eventLog: log, pool: database.pool, runner: side.runner, writeSide };
    const readiness = readinessOf({ ...parts, leases: createLeaseStore(database.pool) });
    const detail = await readiness.projections();
    const idle = { status: () => [] };
    const besides = (projectors?: string) =>
      readinessOf({
        ...parts,
        runner: { ...side.runner, ...idle },
        leases: createLeaseStore(database.pool),
        projectors,
      }).projections();
    expect(await besides('here/')).toEqual(detail);
    expect(await besides('there/')).toEqual({ passed: 'partitions 0-7 here/1' });
    expect(await besides()).toEqual({ passed: 'partitions 0-7 here/1' });
    expect(JSON.parse(String(detail))).toEqual([
      {
        projection: 'messages',
        partition,
        reason: 'poison',
        stream,
        revision: 1,
        position: `${event.position}`,
        type: 'MessageSent',
        error: expect.stringContaining('invalid input syntax for type uuid'),
      },
    ]);

    await inTransaction(database.pool, {}, (tx) => createGeneration(tx, messagesProjection, '', 'shadow'));
    const metrics = await appMetrics({ ...parts, scheduler, runtime })();
    const text = prometheusText('hongbao_', metrics);
    expect(text).toMatch(
      new RegExp(
        `^hongbao_projection_stopped\\{projection="messages",partition="${partition}",reason="poison",stream="${stream}",revision="1",type="MessageSent",position="${event.position}",error=".*uuid.*"\\} 1$`,
        'm',
      ),
    );
    const lag = `hongbao_projection_lag_positions{projection="messages",partition="${partition}"}`;
    expect(text).toContain(`${lag} ${log.events.at(-1)!.position - log.events[0]!.position}\n`);
    expect(text).toMatch(/^hongbao_projection_lag_seconds\{projection="messages",partition="\d"\} [1-9]/m);
    expect(text).toContain('hongbao_projection_stops_total{projection="messages"} 1\n');
    expect(text).toContain('hongbao_rebuild_position{projection="messages",generation="2"} -1\n');
    const documented = readDoc('docs/operations.md');
    const names = metrics.map(({ name }) => `hongbao_${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('a retry', () => {
  /** The projection before it was corrected, and after. */
  const mendable = () => {
    let isMended = false;
    const mended: Projection = {
      ...messagesProjection,
      fold: (events) =>
        messagesProjection.fold(isMended ? events.filter(({ type }) => type !== 'MessageSent') : events),
    };
    return {
      mended,
      mend: () => {
        isMended = true;
      },
    };
  };

  it('has a running process try the event again', async () => {
    const { mended, mend } = mendable();
    const side = start([mended]);
    await poisoned();
    mend();
    const { retried } = await retryStopped(database.pool, 'messages', undefined);
    expect(retried).toMatchObject([{ partition }]);
    await side.settled();
    expect(await messageSeqs()).toEqual(['1', '3']);
    expect(stops()).toEqual([]);
  });

  it('of an event that is still poison stops the partition again, at the same event', async () => {
    start([messagesProjection]);
    const event = await poisoned();
    await retryStopped(database.pool, 'messages', partition);
    await untilTrue(async () => (await storedFailures()) === 1);
    await untilTrue(() => stops().length === 1);
    expect(stops()).toMatchObject([{ partition, failure: { event: { position: `${event.position}` } } }]);
  });

  it('is noticed by whichever of two processes has the partition', async () => {
    const { mended, mend } = mendable();
    const bus = inProcessBus(logger);
    const one = start([mended], bus);
    const other = start([mended], bus);
    await untilTrue(() => one.runner.status().length > 0 && other.runner.status().length > 0);
    await poisoned();
    mend();
    await retryStopped(database.pool, 'messages', undefined);
    await Promise.all([one.settled(), other.settled()]);
    expect(await messageSeqs()).toEqual(['1', '3']);
  });

  it('says that there is nothing to try, and does not touch what only a rebuild helps with', async () => {
    const side = start([messagesProjection]);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
    await side.settled();
    expect(await retryStopped(database.pool, 'messages', undefined)).toEqual({ retried: [], left: [] });
    await side.stop();
    await database.pool.query(
      `update projection.checkpoint set failure = '{"reason":"epoch","message":"of another log"}'
       where partition = 0`,
    );
    const { retried, left } = await retryStopped(database.pool, 'messages', undefined);
    expect([retried, left.length]).toEqual([[], 1]);
    expect(await storedFailures()).toBe(1);
  });
});

describe('a skip', () => {
  it('lets the partition go on behind the event, reads that wait for it too, and the log says so', async () => {
    const side = start();
    const event = await poisoned();
    expect(await skip(event.position)).toMatchObject({ kind: 'found', result: 'recorded' });
    await side.settled();
    expect(await messageSeqs()).toEqual(['1', '3']);
    expect(await storedFailures()).toBe(0);
    expect(log.events.at(-1)).toMatchObject({
      stream: 'projection-messages',
      type: 'EventSkipped',
      data: {
        projection: 'messages',
        partition,
        position: `${event.position}`,
        stream,
        revision: 1,
        type: 'MessageSent',
        reason: 'written by hand',
        by: 'ops',
      },
    });
  });

  it('is noticed by whichever of two processes has the partition', async () => {
    const bus = inProcessBus(logger);
    const one = start([messagesProjection], bus);
    const other = start([messagesProjection], bus);
    await untilTrue(() => one.runner.status().length > 0 && other.runner.status().length > 0);
    const event = await poisoned();
    await skip(event.position);
    await Promise.all([one.settled(), other.settled()]);
    expect(await messageSeqs()).toEqual(['1', '3']);
  });

  it('that was made while nobody ran holds for who comes', async () => {
    const side = start([messagesProjection]);
    const event = await poisoned();
    await side.stop();
    await skip(event.position);
    await start([messagesProjection]).settled();
    expect(await messageSeqs()).toEqual(['1', '3']);
  });

  it('holds in every rebuild and in the audit, since the log says it', async () => {
    const side = start();
    const event = await poisoned();
    await skip(event.position);
    await side.settled();
    expect(await auditReadModels(deps())).toEqual([]);
    const [result] = await rebuild(deps(), [messagesProjection], { compare: true });
    expect(result).toMatchObject({ kind: 'swapped', differenceCount: 0 });
    expect(await messageSeqs()).toEqual(['1', '3']);
  });

  it('lets a rebuild pass an event of a type that nobody knows', async () => {
    const side = start([messagesProjection]);
    await writer.append(stream, [{ type: 'SomethingNew', data: {} } as unknown as DomainEvent]);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: bob });
    await untilTrue(async () => (await storedFailures()) === 1);
    await expect(rebuild(deps(), [messagesProjection])).rejects.toThrow('SomethingNew');
    await skip(log.events[0]!.position);
    await side.settled();
    await rebuild(deps(), [messagesProjection]);
    expect(await messageSeqs()).toEqual(['2']);
  });

  it('of two operators is one event in the log', async () => {
    const event = await poisoned0();
    const outcomes = await Promise.all([skip(event.position, 'a', 'ops'), skip(event.position, 'b', 'sre')]);
    const results = outcomes.map((outcome) => outcome.kind === 'found' && outcome.result);
    expect(results.sort()).toEqual(['known', 'recorded']);
    expect(log.events.filter(({ type }) => type === 'EventSkipped')).toHaveLength(1);
  });

  it('of any event but the one at which the partition stands is refused, and nothing is recorded', async () => {
    const event = await poisoned0();
    const wrong = log.events[2]!.position;
    const outcome = await skip(wrong);
    expect(outcome).toMatchObject({
      kind: 'elsewhere',
      stopped: [{ partition, failure: { event: { position: `${event.position}` } } }],
    });
    expect(log.events.filter(({ type }) => type === 'EventSkipped')).toEqual([]);
  });

  it('that is undone holds no more: rows lack the event, the audit says so, and a rebuild takes it', async () => {
    const mended: Projection = {
      ...messagesProjection,
      fold: (events) =>
        messagesProjection.fold(
          events.map((event) =>
            event.type === 'MessageSent' ? { ...event, data: { ...event.data, senderId: alice } } : event,
          ),
        ),
    };
    const side = start([messagesProjection]);
    const event = await poisoned();
    await skip(event.position);
    await side.settled();
    await side.stop();
    await recordUndoneSkip(
      { log, runtime },
      { projection: 'messages', stream, revision: 1, reason: 'corrected', by: 'ops' },
    );
    expect([...(await readSkips(log, 'messages')).values()]).toEqual([]);
    const differences = await auditReadModels(deps(), {}, [mended]);
    expect(new Set(differences.map(({ onlyIn }) => onlyIn))).toContain('replay');
    await rebuild(deps(), [mended]);
    expect(await messageSeqs()).toEqual(['1', '2', '3']);
  });

  it('that comes while a rebuild is at work stops the swap: its rows may have the event', async () => {
    const side = start([messagesProjection]);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
    await side.settled();
    const late = { projection: 'messages', partition, position: '1', stream, revision: 0 };
    let recording: Promise<unknown> = Promise.resolve();
    const slow: EventLog = {
      append: (...args) => log.append(...args),
      readStream: (...args) => log.readStream(...args),
      readAll: (...args) => log.readAll(...args),
      subscribe: (...args) => log.subscribe(...args),
      close: () => log.close(),
      head: async () => {
        await recording;
        return log.head();
      },
    };
    const rebuilding = rebuild({ ...deps(), log: slow }, [messagesProjection], {
      onProgress: ({ phase }) => {
        if (phase !== 'index') return;
        const skipped = { ...late, type: 'NoticePosted', reason: 'late', by: 'ops' };
        recording = recordSkip({ log, runtime }, skipped);
      },
    });
    await expect(rebuilding).rejects.toBeInstanceOf(OtherSkips);
    expect(await messageSeqs()).toEqual(['1']);
  });
});

/** The same, with nobody who keeps the read models any more. */
async function poisoned0(): Promise<RecordedEvent> {
  const side = start([messagesProjection]);
  const event = await poisoned();
  await side.stop();
  return event;
}
