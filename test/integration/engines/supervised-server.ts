import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../../../infra/supervisor/endpoints.ts';
import { processIdentity } from '../../../infra/supervisor/process-identity.ts';
import type { SupervisorEnd } from '../../../infra/supervisor/supervisor.ts';

type Said = { ready?: Endpoints; ended?: SupervisorEnd; refused?: string };

/** A supervisor in a process of its own, over one of the fixture applications. */
export interface SupervisedServer {
  readonly process: ChildProcess;
  /** The next thing that it says. */
  next(): Promise<Said>;
  readonly exited: Promise<void>;
}

export function startSupervised(
  dataFolder: string,
  app: string,
  port = 0,
  lastWorkSeconds = 0,
): SupervisedServer {
  const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [fixture('supervised'), fixture(app)], {
    env: {
      PATH: process.env.PATH,
      HONGBAO_DATA: dataFolder,
      HONGBAO_PORT: String(port),
      LAST_WORK_SECONDS: String(lastWorkSeconds),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    next: async () => {
      const line = await lines.next();
      if (line.done) throw new Error('the supervisor ended without saying more');
      return JSON.parse(line.value) as Said;
    },
    exited: new Promise((resolve) => child.once('exit', () => resolve())),
  };
}

/** Process ids of the children that run now, and of PostgreSQL's server itself. */
export function childPids(dataFolder: string): Record<'keeper' | 'events' | 'app' | 'server', number> {
  const record = JSON.parse(readFileSync(join(dataFolder, 'children.json'), 'utf8')) as {
    name: string;
    pid: number;
  }[];
  const pidOf = (name: string): number => record.find((child) => child.name === name)!.pid;
  const server = Number(
    readFileSync(join(dataFolder, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0],
  );
  return { keeper: pidOf('postgres'), events: pidOf('events'), app: pidOf('app'), server };
}

/** Resolves when `condition` holds; the test's own time limit ends the wait when it never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

export const isAlive = (pid: number): boolean => processIdentity(pid) !== undefined;

/** What the small app answers, or `undefined` while it or its database is away. */
export async function ask(url: string, method = 'GET'): Promise<number | undefined> {
  try {
    const response = await fetch(url, { method });
    return response.ok ? Number(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}
