/**
 * A projector in a process of its own, so that its memory and its processor time are its alone. Takes what to do from
 * its environment, does it once, and sends what it measured.
 */
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { createPool } from '../../infra/postgres/pool.ts';
import { copyWorkerThreads } from '../../src/cli/copy-workers.ts';
import { allProjections } from '../../src/projections/all-projections.ts';
import { rebuild } from '../../src/projections/rebuild/rebuild.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { ownCpuMs } from '../harness/process-cpu.ts';
import { type CpuSplit, withCpuSplit } from './cpu-split.ts';
import { projectOneByOne } from './one-by-one.ts';

/** What a projector is to do. */
export type Task =
  | { readonly kind: 'rebuild'; readonly workers: number; readonly eventsPerSecondMax: number }
  | { readonly kind: 'one-by-one'; readonly eventsPerTransaction: number; readonly eventsMax: number };

export interface Measured {
  readonly events: number;
  readonly ms: number;
  readonly cpuMs: number;
  readonly split: CpuSplit;
  readonly peakBytes: number;
}

const { ESDB_URL: url = '', DATABASE_URL: databaseUrl = '', TASK = '' } = process.env;
const task = JSON.parse(TASK) as Task;
const logger = pino({ level: 'silent' });
const runtime = systemRuntime();
const log = createEventStoreEventLog({ url, runtime, logger });
const pool = createPool({ databaseUrl, applicationName: 'bench', connectionsMax: 16, logger });

const startedMs = performance.now();
const startedCpuMs = ownCpuMs();
const { result: events, split } = await withCpuSplit(() => perform(task));
const measured: Measured = {
  events,
  ms: performance.now() - startedMs,
  cpuMs: ownCpuMs() - startedCpuMs,
  split,
  peakBytes: peakMemory(),
};
// The database's processes for our connections, and their times, are there until the other side has looked at them.
process.once('disconnect', async () => {
  await log.close();
  await pool.end();
});
process.send?.(measured);

async function perform(what: Task): Promise<number> {
  if (what.kind === 'one-by-one') return projectOneByOne(log, pool, what);
  let done = 0;
  const copyWorkers = copyWorkerThreads({ esdbUrl: url, databaseUrl });
  await rebuild({ log, pool, runtime, logger, copyWorkers }, allProjections, {
    workers: what.workers,
    ...(what.eventsPerSecondMax > 0 && { eventsPerSecondMax: what.eventsPerSecondMax }),
    onProgress: ({ eventsDone }) => {
      done = eventsDone;
    },
  });
  return done;
}

/** The most memory that this process ever had resident, bytes. */
function peakMemory(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) * 1_024;
}
