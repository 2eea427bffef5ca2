import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { removeCluster } from '../../infra/postgres/embedded/placement.ts';
import { startEmbeddedPostgres } from '../../infra/postgres/embedded/start-postgres.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { BenchEngine } from './bench-engine.ts';
import { processCpuMs } from './process-cpu.ts';

/** A PostgreSQL of a bench's own, as `hongbao up` starts one, with its data in `dataDir`. */
export async function startBenchPostgres(dataDir: string): Promise<BenchEngine> {
  // It may have to run as another user, who has to get here.
  chmodSync(dataDir, 0o711);
  const folder = join(dataDir, 'postgres');
  const logger = pino({ level: 'silent' });
  const postgres = await startEmbeddedPostgres({ folder, runtime: systemRuntime(), logger });
  const postmaster = postmasterOf(folder);
  return {
    url: postgres.url,
    cpuMs: () => familyCpuMs(postmaster),
    async stop() {
      await postgres.stop();
      removeCluster(folder);
    },
  };
}

function postmasterOf(folder: string): number {
  return Number(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Of the postmaster and of all its children: each connection is a process. */
function familyCpuMs(postmaster: number): number {
  let total = processCpuMs(postmaster);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === postmaster) total += processCpuMs(Number(name));
    } catch {
      // It ended between the listing and the look.
    }
  }
  return total;
}
