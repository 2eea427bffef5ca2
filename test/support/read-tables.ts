import type pg from 'pg';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import type { EventLog, RecordedEvent } from '../../src/commands/event-log.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { expectedTables, type OracleRow, tableNames } from './read-model-oracle.ts';

const logger = pino({ level: 'silent' });

interface Engines {
  readonly databaseUrl: string;
  readonly esdbUrl: string;
}

/** Every read table as it is, rows in no particular order. */
export async function readTables(pool: Pick<pg.Pool, 'query'>): Promise<Map<string, OracleRow[]>> {
  const tables = new Map<string, OracleRow[]>();
  for (const table of tableNames) {
    const { rows } = await pool.query<{ row: OracleRow }>(`select to_jsonb(t) as row from read.${table} t`);
    tables.set(
      table,
      rows.map(({ row }) => row),
    );
  }
  return tables;
}

/** Rows in one order and one spelling, to be compared. */
export function inOrder(rows: readonly OracleRow[] | undefined): string[] {
  return (rows ?? []).map(canonical).sort();
}

/** Makes every read table wrong: half of its rows go, and wallets hold another sum. */
export async function scrambleReadTables({ databaseUrl }: Engines): Promise<void> {
  await withPool(databaseUrl, async (pool) => {
    for (const table of tableNames) {
      await pool.query(
        `delete from read.${table} t where to_jsonb(t)::text in
           (select to_jsonb(s)::text from read.${table} s limit (select count(*) / 2 + 1 from read.${table}))`,
      );
    }
    await pool.query('update read.wallet set balance_fen = balance_fen + 1');
  });
}

/**
 * Compares every read table of a running server with the independent fold of its log, at a moment when the
 * tables have caught up and nothing new came. Answers the names of the tables that differ.
 */
export async function differencesFromOracle({ databaseUrl, esdbUrl }: Engines): Promise<string[]> {
  const log = createEventStoreEventLog({ url: esdbUrl, runtime: systemRuntime(), logger });
  try {
    return await withPool(databaseUrl, async (pool) => {
      for (;;) {
        const head = await log.head();
        await untilReached(pool, head);
        const actual = await readTables(pool);
        const expected = expectedTables(await allEvents(log));
        if ((await log.head()) !== head) continue;
        return tableNames.filter(
          (table) => inOrder(actual.get(table)).join('\n') !== inOrder(expected.get(table)).join('\n'),
        );
      }
    });
  } finally {
    await log.close();
  }
}

async function untilReached(pool: pg.Pool, head: bigint): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ reached: boolean }>(
      `select bool_and(c.position >= $1) as reached
       from projection.generation g
       join projection.checkpoint c on c.name = g.name and c.generation = g.number
       where g.state = 'live'`,
      [head.toString()],
    );
    if (rows[0]?.reached === true) return;
    await pool.query('select pg_sleep(0.02)');
  }
}

async function allEvents(log: EventLog): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  return events;
}

async function withPool<T>(databaseUrl: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool({ databaseUrl, applicationName: 'test', logger });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}
