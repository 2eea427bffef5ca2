import Fastify from 'fastify';
import type pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseStore } from '../../../infra/postgres/lease-store.ts';
import { durableTransaction } from '../../../infra/postgres/durable-transaction.ts';
import { createPool } from '../../../infra/postgres/pool.ts';
import { errorHandler } from '../../../src/gateway/http/error-handler.ts';
import { walletBalance } from '../../../src/projections/queries/wallet-queries.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { alice } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { expectTablesToEqualLog, logger, type ReadSide, startReadSide, untilTrue } from './support.ts';

/*
 * The connections that there are take statements, answer nothing and stay open: what a server that hangs, or a
 * network that forgot them, looks like. New ones work.
 */

/** Enough for a statement of these tests on a busy machine; waiting for it in vain is what they take. */
const answerMs = 1_000;

let database: TestDatabase;
let proxy: TcpProxy;
let connections: Set<number>;
/** Reaches the database through the proxy. */
let pool: pg.Pool;
let side: ReadSide | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  connections = new Set();
  proxy.judge(({ connection }) => {
    connections.add(connection);
    return 'pass';
  });
  pool = createPool({
    databaseUrl: proxy.through(database.url),
    applicationName: 'test of silence',
    answerMs,
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  await side?.stop();
  side = undefined;
  await pool.end();
  await proxy.close();
  await database.drop();
});

/** Opens so many connections, and gives them back to the pool. */
async function openConnections(count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  for (const client of clients) client.release();
}

/** Nothing of what is written on the connections that there are arrives any more, in neither direction. */
function silence(): void {
  const silent = new Set(connections);
  proxy.judge(({ connection }) => (silent.has(connection) ? 'lose' : 'pass'));
}

const ways: readonly (readonly [string, (text: string) => Promise<unknown>])[] = [
  ['a statement on the pool', (text) => pool.query(text)],
  ['a transaction of the projections', (text) => inTransaction(pool, {}, (tx) => tx.query(text))],
  ['a transaction of the vault', (text) => durableTransaction(pool, (client) => client.query(text))],
];

describe('a PostgreSQL that answers nothing', () => {
  it.each(ways)('fails %s, and its connection serves nobody after that', async (_what, run) => {
    await openConnections(1);
    silence();
    await expect(run('select 1')).rejects.toThrow('Query read timeout');
    expect(pool.totalCount).toBe(0);
    await run('select 2');
    expect(pool.totalCount).toBe(1);
  });

  it.each(ways.slice(1))('in the middle of %s rolls it back', async (_what, run) => {
    await pool.query('create table kept (n integer)');
    await openConnections(1);
    proxy.judge(({ from, data }) => (from === 'server' && data.includes('INSERT 0 1') ? 'lose' : 'pass'));
    await expect(run('insert into kept values (1)')).rejects.toThrow('Query read timeout');
    // Waits for the transaction, if it should still be there.
    await inTransaction(database.pool, {}, (tx) => tx.execute('lock table kept'));
    expect((await database.pool.query('select * from kept')).rows).toEqual([]);
  });

  it('leaves a transaction that may take its time alone, and one that may take longer', async () => {
    const slow = 'select pg_sleep(1.2)';
    const settings = [{ patient: true }, { statementTimeoutMs: 3_600_000 }];
    await Promise.all(settings.map((one) => inTransaction(pool, one, (tx) => tx.query(slow))));
  });

  it('holds a lane no longer than that: it goes on over new connections, without loss or repetition', async () => {
    // Who has which partition does not go through the proxy.
    side = startReadSide(pool, { leases: createLeaseStore(database.pool) });
    const writer = new HistoryWriter(side.log);
    await writer.play(fixedSteps(20));
    await side.settled();
    silence();
    await writer.play(fixedSteps(20, 2));
    await side.settled();
    await expectTablesToEqualLog(database.pool, side.log.events);
  });

  it('is `unavailable` to whoever reads through a gateway', async () => {
    await openConnections(1);
    const app = Fastify().setErrorHandler(errorHandler(logger));
    app.get('/balance', () => walletBalance(pool, alice));
    silence();
    const answer = await app.inject({ url: '/balance' });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ error: { code: 'unavailable' } });
    await app.close();
  });
});

it('a connection that breaks in a transaction of the vault fails it, and nothing else', async () => {
  proxy.judge(({ from, data }) => (from === 'client' && data.includes('select 7') ? 'cut' : 'pass'));
  const cut = durableTransaction(pool, (client) => client.query('select 7'));
  await expect(cut).rejects.toThrow(/terminated|ECONNRESET/);
  await untilTrue(() => pool.totalCount === 0);
  await durableTransaction(pool, (client) => client.query('select 8'));
});
