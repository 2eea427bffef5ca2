/** A worker of a rebuild, as a thread: copies its share of the projections, and tells how far it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { copyShare } from '../projections/rebuild/copy-share.ts';
import { systemRuntime } from '../runtime/system-runtime.ts';
import type { CopyWorkerData } from './copy-workers.ts';

const { esdbUrl, databaseUrl, share } = workerData as CopyWorkerData;
const runtime = systemRuntime();
const logger = pino({ level: 'silent' });
const log = createEventStoreEventLog({ url: esdbUrl, runtime, logger });
const pool = createPool({ databaseUrl, applicationName: 'hongbao rebuild worker', logger });
try {
  await copyShare({ log, pool, runtime }, share, (news) => parentPort?.postMessage(news));
} finally {
  await log.close();
  await pool.end();
}
