import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverOn } from '../../infra/postgres/embedded/leftovers.ts';
import { processIdentity } from '../../infra/supervisor/process-identity.ts';
import { clusterOf } from '../support/postgres-process.ts';
import type { TestServer } from '../support/server.ts';

/** What is killed in a round. `postgres` is the database server itself, below the process that keeps it. */
export type Victim = 'app' | 'events' | 'postgres' | 'supervisor';

/**
 * Kills it with -9. One that is down already, from the round before, is waited for: it comes back, or the test
 * hangs and fails. Resolves when the signal is sent and, for the supervisor, when that is gone.
 */
export async function killedProcess(victim: Victim, server: TestServer): Promise<void> {
  if (victim === 'supervisor') {
    const gone = once(server.supervisor, 'exit');
    server.supervisor.kill('SIGKILL');
    await gone;
    return;
  }
  let pid = runningPid(victim, server);
  while (pid === undefined) {
    await server.ready();
    pid = runningPid(victim, server);
  }
  process.kill(pid, 'SIGKILL');
}

function runningPid(victim: 'app' | 'events' | 'postgres', server: TestServer): number | undefined {
  if (victim === 'postgres') return serverOn(clusterOf(join(server.dataFolder, 'postgres')));
  const children = JSON.parse(readFileSync(join(server.dataFolder, 'children.json'), 'utf8')) as {
    readonly name: string;
    readonly pid: number;
    readonly identity: string;
  }[];
  const child = children.find((candidate) => candidate.name === victim);
  return child !== undefined && processIdentity(child.pid) === child.identity ? child.pid : undefined;
}
