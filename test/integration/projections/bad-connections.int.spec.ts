import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { createPool } from '../../../infra/postgres/pool.ts';
import type { EventLog, RecordedEvent } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { groupConversationId } from '../../../src/domain/ids.ts';
import { ensureReadModels } from '../../../src/projections/ensure-read-models.ts';
import { loadGenerations } from '../../../src/projections/generations.ts';
import { noEpoch } from '../../../src/projections/log-epoch-reader.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';
import { streams } from '../../../src/domain/streams.ts';
import { alice, groupId } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { expectedTables } from '../../support/read-model-oracle.ts';
import { inOrder, readTables } from '../../support/read-tables.ts';
import { type Piece, startTcpProxy, type TcpProxy, type Verdict } from '../../support/tcp-proxy.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';
import { aLog, aNode } from '../eventstore/support.ts';
import {
  expectTablesToEqualLog,
  logger,
  nextMessage,
  type ReadSide,
  readSideOn,
  runtime,
  startReadSide,
  untilTrue,
} from './support.ts';

let database: TestDatabase;
let proxy: TcpProxy;
/** Reaches the database through the proxy. */
let pool: pg.Pool;
const sides: Pick<ReadSide, 'stop'>[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  pool = createPool({
    databaseUrl: proxy.through(database.url),
    applicationName: 'test through a proxy',
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  proxy.judge(() => 'pass');
  proxy.goOn();
  for (const side of sides.splice(0)) await side.stop();
  await pool.end();
  await proxy.close();
  await database.drop();
});

/** At work already. Its rows go through the proxy; who has which partition does not. */
async function startThroughProxy(): Promise<{ readonly side: ReadSide; readonly writer: HistoryWriter }> {
  const side = startReadSide(pool, { leases: createLeaseStore(database.pool) });
  sides.push(side);
  const writer = new HistoryWriter(side.log);
  await writer.play(fixedSteps(20));
  await side.settled();
  return { side, writer };
}

const isCommit = ({ from, data }: Piece): boolean => from === 'client' && data.includes('commit\0');

/** Recognises what PostgreSQL says first after a commit on that connection. */
function answersCommit(): (piece: Piece) => boolean {
  const committing = new Set<number>();
  return (piece) => {
    if (isCommit(piece)) committing.add(piece.connection);
    return piece.from === 'server' && committing.delete(piece.connection);
  };
}

/** Cuts every third commit's connection: before PostgreSQL gets it, or in the place of its answer. */
function cuttingCommits(when: 'before' | 'after'): (piece: Piece) => Verdict {
  const isMeant = when === 'before' ? isCommit : answersCommit();
  let commits = 0;
  return (piece) => (isMeant(piece) && ++commits % 3 === 0 ? 'cut' : 'pass');
}

describe('connections to PostgreSQL that break', () => {
  it.each(['before', 'after'] as const)(
    'at a commit, %s it took place, are replaced, and every event is in the rows once',
    async (when) => {
      const { side, writer } = await startThroughProxy();
      let cuts = 0;
      const rule = cuttingCommits(when);
      proxy.judge((piece) => {
        const verdict = rule(piece);
        if (verdict === 'cut') cuts += 1;
        return verdict;
      });
      // Each time something is to be written, until commits have been lost again and again.
      for (let salt = 1; cuts < 20; salt += 1) {
        await writer.play(fixedSteps(20, salt));
        await Promise.race([side.settled(), untilTrue(() => cuts >= 20)]);
      }
      proxy.judge(() => 'pass');
      await side.settled();
      await expectTablesToEqualLog(database.pool, side.log.events);
    },
  );

  it('at any moment of any transaction are replaced, and every event is in the rows once', async () => {
    const { side, writer } = await startThroughProxy();
    const { random } = virtualRuntime({ seed: 11 });
    let cuts = 0;
    proxy.judge(() => {
      if (random.fraction() >= 0.05) return 'pass';
      cuts += 1;
      return 'cut';
    });
    for (let salt = 1; cuts < 30; salt += 1) {
      await writer.play(fixedSteps(20, salt));
      await Promise.race([side.settled(), untilTrue(() => cuts >= 30)]);
    }
    proxy.judge(() => 'pass');
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });
});

describe('a PostgreSQL that is slow', () => {
  it('gets everything all the same, some bytes at a time', async () => {
    const { side, writer } = await startThroughProxy();
    proxy.slowDown({ delayMs: 1, bytesMax: 4_096 });
    await writer.play(fixedSteps(300, 7));
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('lets no more events gather than the bound, however many come', async () => {
    const { side, writer } = await startThroughProxy();
    const queued = (): number => {
      const byProjection = new Map(
        side.runner.status().map(({ projection, queuedEvents }) => [projection, queuedEvents]),
      );
      return [...byProjection.values()].reduce((sum, count) => sum + count, 0);
    };
    const { bufferEventsMax } = limits.projections;
    // Each event goes to two of them, the flow of messages and the commands.
    const conversation = groupConversationId(groupId(1));
    const notice = (): Parameters<HistoryWriter['append']>[1][number] => ({
      type: 'NoticePosted',
      data: { conversationId: conversation, notice: { kind: 'friends-now', by: alice } },
    });
    proxy.stall();
    for (let count = 0; count < bufferEventsMax; count += 1_000) {
      await writer.append(streams.conversation(conversation), Array.from({ length: 1_000 }, notice));
    }
    await untilTrue(() => queued() >= bufferEventsMax);
    // Had the reader gone on, it would have read all by the second heartbeat from now.
    for (const _ of [1, 2]) await nextMessage(side.bus, ({ kind }) => kind === 'progress');
    expect(queued()).toBeLessThan(bufferEventsMax + 2);
    proxy.goOn();
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });
});

describe('a subscription that is dropped', () => {
  it('goes on from where it was, again and again, without loss or repetition', async () => {
    const { node, close } = await aNode();
    const toNode = await startTcpProxy(node.url.replace('esdb:', 'http:'));
    const [direct, dropped]: EventLog[] = [aLog(node.url), aLog(toNode.through(node.url))];
    const side = readSideOn(dropped!, database.pool);
    sides.push(side);
    try {
      await side.settled();
      const writer = new HistoryWriter(direct!);
      for (let salt = 1; salt <= 10; salt += 1) {
        await writer.play(fixedSteps(20, salt));
        toNode.cutAll();
        await writer.play(fixedSteps(20, salt + 100));
      }
      const head = await direct!.head();
      await untilTrue(() => reachedBy(side) >= head);
      const events: RecordedEvent[] = [];
      for await (const event of direct!.readAll()) events.push(event);
      await expectTablesToEqualLog(database.pool, events);
    } finally {
      for (const one of sides.splice(0)) await one.stop();
      await direct!.close();
      await dropped!.close();
      await toNode.close();
      await close();
    }
  });
});

/** What the most backward partition has in its rows; before the first while there is none. */
function reachedBy(side: Pick<ReadSide, 'runner'>): bigint {
  const reached = side.runner.status().map((status) => status.reached);
  return reached.reduce((least, one) => (one < least ? one : least), reached[0] ?? -1n);
}

describe('a rebuild whose connection breaks', () => {
  it('at any statement from the swap on: one generation is live and right, and the next rebuild takes what is left', async () => {
    // The others have their tables, and nobody to fill them: a swap is soon over, and there are many.
    await ensureReadModels(database.pool, noEpoch);
    const side = startReadSide(database.pool, { projections: [walletProjection] });
    sides.push(side);
    const writer = new HistoryWriter(side.log);
    await writer.play(fixedSteps(200));
    await side.settled();
    const deps = { log: side.log, pool, runtime, logger };

    /** Rebuilds with the `nth` of these pieces lost, from the swap on. False: there were not so many. */
    const rebuildCutAt = async (nth: number, isMeant: (piece: Piece) => boolean): Promise<boolean> => {
      let isSwapping = false;
      let seen = 0;
      proxy.judge((piece) => {
        if (!isSwapping || !isMeant(piece)) return 'pass';
        seen += 1;
        return seen === nth ? 'cut' : 'pass';
      });
      await rebuild(deps, [walletProjection], {
        onProgress: ({ phase }) => {
          isSwapping ||= phase === 'swap';
        },
      }).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
      proxy.judge(() => 'pass');
      return seen >= nth;
    };

    const lost = [
      { what: 'statement', isMeant: ({ from }: Piece) => from === 'client', countMin: 15 },
      { what: 'answer to a commit', isMeant: answersCommit(), countMin: 2 },
    ];
    for (const { what, isMeant, countMin } of lost) {
      let nth = 1;
      while (await rebuildCutAt(nth, isMeant)) {
        await writer.play(fixedSteps(10, nth));
        await side.settled();
        const generations = await loadGenerations(sqlOn(database.pool), 'wallet');
        const live = generations.filter(({ state }) => state === 'live');
        expect(live, `lost: ${what} ${nth}`).toHaveLength(1);
        const [actual, expected] = [await readTables(database.pool), expectedTables(side.log.events)];
        for (const table of walletProjection.tables) {
          expect(inOrder(actual.get(table)), `${table}, lost: ${what} ${nth}`).toEqual(
            inOrder(expected.get(table)),
          );
        }
        nth += 1;
      }
      expect(nth, `how many there were: ${what}`).toBeGreaterThan(countMin);
    }
    await rebuild(deps, [walletProjection]);
    expect(await loadGenerations(sqlOn(database.pool), 'wallet')).toMatchObject([{ state: 'live' }]);
  });
});
