import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { streams } from '../../../src/domain/streams.ts';
import { accountsProjection } from '../../../src/projections/accounts-projection.ts';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { auditReadModels } from '../../../src/projections/rebuild/audit-read-models.ts';
import { friendsProjection } from '../../../src/projections/friends-projection.ts';
import { createGeneration, loadGenerations } from '../../../src/projections/generations.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import { messagesProjection } from '../../../src/projections/messages-projection.ts';
import { packetsProjection } from '../../../src/projections/packets-projection.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { inboxPage } from '../../../src/projections/queries/inbox-queries.ts';
import { abortRebuild } from '../../../src/projections/rebuild/abort-rebuild.ts';
import { RebuildAborted } from '../../../src/projections/rebuild/rebuild-errors.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { RebuildUnderWay, withRebuildLocks } from '../../../src/projections/rebuild/rebuild-lock.ts';
import type { RebuildProgress } from '../../../src/projections/rebuild/rebuild-progress.ts';
import { sqlOn } from '../../../src/projections/sql.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';
import { userId } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { tableNames } from '../../support/read-model-oracle.ts';
import { readTables } from '../../support/read-tables.ts';
import {
  expectTablesToEqualLog,
  logger,
  nextMessage,
  type ReadSide,
  runtime,
  startReadSide,
  untilTrue,
} from './support.ts';

let database: TestDatabase;
let side: ReadSide;
let writer: HistoryWriter;

beforeEach(async () => {
  database = await createTestDatabase();
  side = startReadSide(database.pool);
  writer = new HistoryWriter(side.log);
  await writer.play(fixedSteps(800));
  await side.settled();
});
afterEach(async () => {
  await side.stop();
  await database.drop();
});

const deps = () => ({ log: side.log, pool: database.pool, runtime, logger });

/** Makes every read table wrong: half of its rows go. */
async function scramble(): Promise<void> {
  for (const table of tableNames) {
    const { rows } = await database.pool.query<{ count: bigint }>(`select count(*) from read.${table}`);
    await database.pool.query(
      `delete from read.${table} where ctid in (select ctid from read.${table} limit $1)`.replaceAll(
        /ctid/g,
        `to_jsonb(${table})::text`,
      ),
      [Number(rows[0]!.count / 2n) + 1],
    );
  }
  await database.pool.query('update read.wallet set balance_fen = balance_fen + 1');
}

/** Waits until somebody waits for a lock on this relation. */
async function untilLocked(relation: string, mode: string): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query(
      'select from pg_locks where relation = $1::regclass and mode = $2 and not granted',
      [relation, mode],
    );
    if (rows.length > 0) return;
  }
}

/**
 * A log that grows with every look at its head, and answers when the live rows have what came, or wait for a
 * lock: what the head's reader is told is always behind them.
 */
function logThatGoesOn(): { readonly log: EventLog; readonly next: () => Promise<void> } {
  let number = 100;
  const next = async (): Promise<void> => {
    number += 1;
    const user = userId(number);
    await writer.append(streams.wallet(user), [{ type: 'WalletOpened', data: { userId: user } }]);
  };
  const inner = side.log;
  const log: EventLog = {
    append: (...args) => inner.append(...args),
    readStream: (...args) => inner.readStream(...args),
    readAll: (...args) => inner.readAll(...args),
    subscribe: (...args) => inner.subscribe(...args),
    close: () => inner.close(),
    async head() {
      const head = await inner.head();
      await next();
      let isSettled = false;
      void side.settled().then(() => {
        isSettled = true;
      });
      await untilTrue(async () => {
        if (isSettled) return true;
        const { rows } = await database.pool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
      return head;
    },
  };
  return { log, next };
}

describe('a rebuild', () => {
  it('puts every read table right while commands go on and reads never fail', async () => {
    await scramble();
    let reading = true;
    let reads = 0;
    const reader = (async () => {
      while (reading) {
        await readTables(database.pool);
        reads += 1;
      }
    })();
    // Each page reads many views in one statement, in an order of its own.
    const inboxReaders = [0, 1, 2, 3].map(async (number) => {
      while (reading) await inboxPage(database.pool, userId(number));
    });
    const rebuilding = rebuild(deps(), allProjections);
    await writer.play(fixedSteps(800, 7));
    const results = await rebuilding;
    reading = false;
    await Promise.all([reader, ...inboxReaders]);
    await writer.play(fixedSteps(100, 8));
    await side.settled();
    expect(results.map(({ kind }) => kind)).toEqual(allProjections.map(() => 'swapped'));
    expect(reads).toBeGreaterThan(0);
    await expectTablesToEqualLog(database.pool, side.log.events);
    const generations = await loadGenerations(sqlOn(database.pool));
    expect(generations.every(({ number, state }) => number === 2 && state === 'live')).toBe(true);
  });

  it('gives way to a read that has one view and waits for another, before PostgreSQL ends the read', async () => {
    const [first, middle] = messagesProjection.tables;
    const last = messagesProjection.tables.at(-1);
    const reader = await database.pool.connect();
    const other = await database.pool.connect();
    try {
      for (const [client, view] of [[reader, last] as const, [other, middle] as const]) {
        await client.query('begin');
        await client.query(`select from read.${view}`);
      }
      const rebuilding = rebuild(deps(), [messagesProjection]);
      await untilLocked(`read.${middle}`, 'AccessExclusiveLock');
      const reading = reader.query(`select from read.${first}`);
      await Promise.race([reading, untilLocked(`read.${first}`, 'AccessShareLock')]);
      // The swap now goes on to the view that the reader has, while the reader waits for one that it has.
      await other.query('commit');
      await reading;
      await reader.query('commit');
      expect(await rebuilding).toMatchObject([{ kind: 'swapped' }]);
    } finally {
      reader.release();
      other.release();
    }
  });

  it('is swapped in although the live rows are further each time that it looks', async () => {
    const { log, next } = logThatGoesOn();
    await rebuild({ ...deps(), log }, [walletProjection]);
    await next();
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('lets live writers go on when the last tail takes too long, and tries again', async () => {
    const { log, next } = logThatGoesOn();
    let isSwapping = false;
    let stalls = 0;
    const slow: EventLog = {
      ...log,
      async *readAll(options) {
        // With the live checkpoints held: until they are not any more.
        if (isSwapping && stalls++ === 0) {
          await next();
          await side.settled();
        }
        yield* log.readAll(options);
      },
    };
    const onProgress = ({ phase }: RebuildProgress): void => {
      isSwapping = phase === 'swap';
    };
    const results = await rebuild({ ...deps(), log: slow }, [walletProjection], { onProgress });
    expect([results[0]?.kind, stalls > 0]).toEqual(['swapped', true]);
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('says how far it is', async () => {
    const seen: RebuildProgress[] = [];
    await rebuild(deps(), [walletProjection], { onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['copy', 'index', 'swap', 'drop', 'done']);
    const wallets = side.log.events.filter(({ stream }) => stream.startsWith('wallet-')).length;
    expect(seen.at(-1)).toMatchObject({ eventsDone: wallets, fraction: 1 });
  });

  it('makes the indexes of all before it swaps the first one, and drops the old rows behind the last', async () => {
    const steps: string[] = [];
    await rebuild(deps(), [accountsProjection, walletProjection, packetsProjection], {
      onProgress: ({ phase }) => phase !== steps.at(-1) && phase !== 'copy' && steps.push(phase),
    });
    expect(steps).toEqual(['index', 'swap', 'drop', 'done']);
  });

  it('that fails between two swaps leaves no old rows of what it has swapped', async () => {
    const unreadable: EventLog = {
      append: (...args) => side.log.append(...args),
      readStream(stream, options) {
        // Its skips are read a second time by the swap.
        if (stream === streams.projection('wallet') && looks++ > 0) throw new Error('the log is gone');
        return side.log.readStream(stream, options);
      },
      readAll: (...args) => side.log.readAll(...args),
      subscribe: (...args) => side.log.subscribe(...args),
      head: () => side.log.head(),
      close: () => side.log.close(),
    };
    let looks = 0;
    const failing = rebuild({ ...deps(), log: unreadable }, [accountsProjection, walletProjection]);
    await expect(failing).rejects.toThrow('the log is gone');
    const generations = await loadGenerations(sqlOn(database.pool));
    expect(generations.filter(({ name }) => name === 'accounts')).toMatchObject([
      { number: 2, state: 'live' },
    ]);
    expect(generations.filter(({ name }) => name === 'wallet')).toMatchObject([{ number: 1, state: 'live' }]);
  });

  it('shows on request what the live rows had otherwise, row by row', async () => {
    await database.pool.query('update read.wallet set balance_fen = balance_fen + 1');
    const [result] = await rebuild(deps(), [walletProjection], { compare: true });
    const tables = new Set(result!.differences.map(({ table }) => table));
    expect(tables).toEqual(new Set(['wallet']));
    expect(new Set(result!.differences.map(({ onlyIn }) => onlyIn))).toEqual(new Set(['live', 'replay']));
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('leaves the live generation as it is when it is aborted, and no shadow behind', async () => {
    const abort = new AbortController();
    const aborted = rebuild(deps(), [accountsProjection, walletProjection], {
      signal: abort.signal,
      onProgress: ({ phase }) => phase === 'copy' && abort.abort(),
    });
    await expect(aborted).rejects.toBeInstanceOf(RebuildAborted);
    const generations = await loadGenerations(sqlOn(database.pool), 'wallet');
    expect(generations).toMatchObject([{ number: 1, state: 'live' }]);
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('can be aborted from another process', async () => {
    const abortions: Promise<unknown>[] = [];
    const aborted = rebuild(deps(), [walletProjection], {
      onProgress: ({ phase }) => phase === 'index' && abortions.push(abortRebuild(database.pool, 'wallet')),
    });
    await expect(aborted).rejects.toBeInstanceOf(RebuildAborted);
    await Promise.all(abortions);
    expect(await loadGenerations(sqlOn(database.pool), 'wallet')).toMatchObject([
      { number: 1, state: 'live' },
    ]);
  });

  it('drops what a killed one left behind', async () => {
    await inTransaction(database.pool, {}, (tx) => createGeneration(tx, friendsProjection, '', 'shadow'));
    await rebuild(deps(), [friendsProjection]);
    expect(await loadGenerations(sqlOn(database.pool), 'friends')).toMatchObject([
      { number: 3, state: 'live' },
    ]);
    const { rows } = await database.pool.query(
      `select nspname from pg_namespace where nspname like 'friends_g%'`,
    );
    expect(rows).toEqual([{ nspname: 'friends_g3' }]);
  });

  it('refuses to run beside another one of the same projection', async () => {
    await withRebuildLocks(database.pool, ['wallet'], async () => {
      await expect(rebuild(deps(), [walletProjection])).rejects.toBeInstanceOf(RebuildUnderWay);
    });
    await rebuild(deps(), [walletProjection]);
  });

  it('follows by itself when the code declares another version, with other columns', async () => {
    await side.stop();
    const changed = {
      ...packetsProjection,
      version: packetsProjection.version + 1,
      ddl: packetsProjection.ddl.replace('seed text', 'seed text, note text'),
    };
    const next = startReadSide(database.pool, {
      log: side.log,
      projections: allProjections.map((one) => (one.name === 'packets' ? changed : one)),
    });
    await next.settled();
    const live = await loadGenerations(sqlOn(database.pool), 'packets');
    expect(live).toMatchObject([{ number: 2, version: changed.version, state: 'live' }]);
    await database.pool.query('select note from read.packet');
    await next.stop();
  });
});

describe('a rebuild of another version that fails', () => {
  it('is told in the status, is not tried again before its delay is over, and holds up no other', async () => {
    await side.stop();
    let nowMs = runtime.clock.monotonicMs();
    const clock = { nowMs: () => runtime.clock.nowMs(), monotonicMs: () => nowMs };
    let isMended = false;
    let folds = 0;
    const broken: Projection = {
      ...walletProjection,
      version: 2,
      fold(events) {
        folds += 1;
        if (!isMended) throw new Error('cannot fold this');
        return walletProjection.fold(events);
      },
    };
    const changed: Projection = { ...packetsProjection, version: packetsProjection.version + 1 };
    const bus = inProcessBus(logger);
    const next = startReadSide(database.pool, {
      log: side.log,
      bus,
      runtime: { ...runtime, clock },
      projections: [broken, changed],
    });
    const status = (name: string) => next.runner.status().find(({ projection }) => projection === name);
    try {
      await untilTrue(() => status('wallet')?.failure !== undefined);
      expect(status('wallet')).toMatchObject({
        state: 'outdated',
        generation: 1,
        failure: { reason: 'rebuild', message: expect.stringContaining('cannot fold this') },
      });
      // One try folds its batch, then what is in it, to name the event.
      const foldsOfOne = folds;

      nowMs += limits.projections.rebuildRetryDelayMsMin;
      await untilTrue(() => status('packets')?.state === 'running');
      for (const _ of [1, 2]) await nextMessage(bus, ({ kind }) => kind === 'progress');
      expect([folds, status('wallet')?.state]).toEqual([2 * foldsOfOne, 'outdated']);

      isMended = true;
      nowMs += limits.projections.rebuildRetryDelayMsMax;
      await untilTrue(() => status('wallet')?.state === 'running');
      expect(status('wallet')).toMatchObject({ failure: undefined });
    } finally {
      await next.stop();
    }
  });
});

describe('the audit of the read models', () => {
  it('finds nothing in rows that equal a replay, and changes nothing', async () => {
    expect(await auditReadModels(deps())).toEqual([]);
    const generations = await loadGenerations(sqlOn(database.pool));
    expect(generations.every(({ number, state }) => number === 1 && state === 'live')).toBe(true);
  });

  it('finds a planted row, a missing row and a changed row', async () => {
    await database.pool.query(
      'update read.packet set remaining_fen = remaining_fen + 1 where packet_id = (select min(packet_id::text)::uuid from read.packet)',
    );
    await database.pool.query(
      'delete from read.user_group where user_id = (select min(user_id::text)::uuid from read.user_group)',
    );
    await database.pool.query(
      `insert into read.friend_block values ('${crypto.randomUUID()}', '${crypto.randomUUID()}', 1)`,
    );
    const differences = await auditReadModels(deps());
    const found = new Set(differences.map(({ table, onlyIn }) => `${table} ${onlyIn}`));
    expect(found).toEqual(
      new Set(['packet live', 'packet replay', 'user_group replay', 'friend_block live']),
    );
  });
});
