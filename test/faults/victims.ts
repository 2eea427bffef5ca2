import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestServer } from '../support/server.ts';

/** What is killed in a round. `postgres` is the database server itself, below the process that keeps it. */
export type Victim = 'app' | 'events' | 'postgres' | 'supervisor';

/** Kills it with -9, while it is running. Resolves when it has been sent the signal and, for the supervisor, is gone. */
export async function killedProcess(victim: Victim, server: TestServer): Promise<void> {
  if (victim === 'supervisor') {
    const gone = once(server.supervisor, 'exit');
    server.supervisor.kill('SIGKILL');
    await gone;
    return;
  }
  process.kill(
    victim === 'postgres' ? postmasterPid(server.dataFolder) : childPid(server, victim),
    'SIGKILL',
  );
}

function childPid(server: TestServer, name: string): number {
  const children = JSON.parse(readFileSync(join(server.dataFolder, 'children.json'), 'utf8')) as {
    readonly name: string;
    readonly pid: number;
  }[];
  const child = children.find((candidate) => candidate.name === name);
  if (child === undefined) throw new Error(`no child ${name} runs`);
  return child.pid;
}

/** The first line of PostgreSQL's own pid file, which stands in its data folder. */
function postmasterPid(dataFolder: string): number {
  const file = join(clusterFolder(join(dataFolder, 'postgres')), 'postmaster.pid');
  return Number(readFileSync(file, 'utf8').split('\n')[0]);
}

/** A cluster that its user could not reach below the data folder is elsewhere, and a file says where. */
function clusterFolder(folder: string): string {
  const location = join(folder, 'location');
  return join(existsSync(location) ? readFileSync(location, 'utf8').trim() : folder, 'cluster');
}
