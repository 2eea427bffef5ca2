/** A process that keeps all read models up to date, and tells of every commit of theirs when it was. */
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createLeaseStore } from '../../infra/postgres/lease-store.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { inProcessBus } from '../../src/projections/in-process-bus.ts';
import { createProjectionRunner } from '../../src/projections/runner.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';

/** Rows of this projection show everything up to this position since then, ms of the wall clock. */
export interface Shown {
  readonly projection: string;
  /** A decimal number. */
  readonly position: string;
  readonly atMs: number;
}

const { ESDB_URL: url = '', DATABASE_URL: databaseUrl = '' } = process.env;
const logger = pino({ level: 'silent' });
const runtime = systemRuntime();
const log = createEventStoreEventLog({ url, runtime, logger });
const pool = createPool({ databaseUrl, applicationName: 'bench', logger });
const bus = inProcessBus(logger);
bus.subscribe((message) => {
  if (message.kind !== 'changes') return;
  const shown: Shown = {
    projection: message.projection,
    position: message.checkpoint.toString(),
    atMs: performance.timeOrigin + performance.now(),
  };
  process.send?.(shown);
});
const runner = createProjectionRunner({ log, pool, bus, leases: createLeaseStore(pool), runtime, logger });
runner.start();
process.once('disconnect', async () => {
  await runner.stop();
  await log.close();
  await pool.end();
});
