import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import { limits } from '../../../src/config/limits.ts';
import { OperatorError } from '../../../src/config/operator-error.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';

/**
 * Stops whatever PostgreSQL still runs on `cluster` after its supervisor was killed: the server, and backends
 * that outlived their server (they hold its shared memory, which keeps a new one from starting). The caller
 * holds the lock of the data folder, so nobody else is starting one.
 *
 * Asks for a fast shutdown first, then an immediate one, then kills. A process counts only when it is
 * verifiably a PostgreSQL that works in this very folder, never by a process id alone.
 */
export async function stopLeftovers(cluster: string, runtime: Runtime, logger: Logger): Promise<void> {
  if (!existsSync(cluster)) return;
  // A fast shutdown is the server's to do. To a backend without one the same signal means less.
  const gently = serverOn(cluster) === undefined ? [] : (['SIGINT'] as const);
  for (const signal of [...gently, 'SIGQUIT', 'SIGKILL'] as const) {
    const pids = postgresOn(cluster);
    if (pids.length === 0) break;
    logger.warn({ cluster, pids, signal }, 'stopping a PostgreSQL that an earlier run left behind');
    for (const pid of pids) signalIfAlive(pid, signal);
    await untilGone(cluster, runtime);
  }
  const pids = postgresOn(cluster);
  if (pids.length > 0) {
    throw new OperatorError(
      `A PostgreSQL (process ${pids.join(', ')}) still runs on ${cluster} and cannot be stopped.`,
    );
  }
  // The pid in a stale lock file may belong to a new process by now, which PostgreSQL would take for a server.
  if (process.platform === 'linux') rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

async function untilGone(cluster: string, runtime: Runtime): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + limits.postgres.leftoverStopMs;
  while (runtime.clock.monotonicMs() < deadlineMs && postgresOn(cluster).length > 0) {
    await runtime.timers.sleep(limits.postgres.leftoverPollMs);
  }
}

/** The processes of PostgreSQL that work in `cluster`. */
function postgresOn(cluster: string): number[] {
  return process.platform === 'linux' ? fromProc(realpathSync(cluster)) : fromLockFile(cluster);
}

/** Servers and backends alike have the cluster as their working directory. */
function fromProc(cluster: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(' (deleted)', '');
        return program === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === cluster;
      } catch {
        return false; // gone, or somebody else's
      }
    })
    .map(Number);
}

/** Elsewhere the lock file says which process, and its command line whether that is still so. */
function fromLockFile(cluster: string): number[] {
  const pid = lockFilePid(cluster);
  if (pid === undefined) return [];
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster) ? [pid] : [];
  } catch {
    return [];
  }
}

/** The server itself, when it runs. */
export function serverOn(cluster: string): number | undefined {
  const pid = lockFilePid(cluster);
  return pid !== undefined && postgresOn(cluster).includes(pid) ? pid : undefined;
}

function lockFilePid(cluster: string): number | undefined {
  const lockFile = join(cluster, 'postmaster.pid');
  if (!existsSync(lockFile)) return undefined;
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
