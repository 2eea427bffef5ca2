import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { migrate } from '../../infra/postgres/migrate.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import type { EventLog } from '../../src/commands/event-log.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { BenchEngine } from './bench-engine.ts';
import { startBenchEventNode } from './bench-event-node.ts';
import { startBenchPostgres } from './bench-postgres.ts';

/** An event node and a PostgreSQL with our schema, on fresh data, and a connection to each. */
export interface BenchEngines {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly node: BenchEngine;
  readonly postgres: BenchEngine;
  /** Where they are, for a process of a bench's own. */
  readonly env: { readonly ESDB_URL: string; readonly DATABASE_URL: string };
  /** Ends everything and removes the data. */
  close(): Promise<void>;
}

export async function startBenchEngines(): Promise<BenchEngines> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const events = join(folder, 'events');
  mkdirSync(events);
  const node = await startBenchEventNode(events);
  const postgres = await startBenchPostgres(folder);
  const logger = pino({ level: 'silent' });
  const log = createEventStoreEventLog({ url: node.url, runtime: systemRuntime(), logger });
  const pool = createPool({ databaseUrl: postgres.url, applicationName: 'bench', logger });
  await migrate(pool, logger);
  return {
    log,
    pool,
    node,
    postgres,
    env: { ESDB_URL: node.url, DATABASE_URL: postgres.url },
    async close() {
      await log.close();
      await pool.end();
      await node.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
