import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { processIdentity } from './process-identity.ts';
import { writeFileAtomically } from './write-file-atomically.ts';

interface RecordedChild {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
}

/**
 * The children that run now, in a file, for the next supervisor on the data folder. When one was killed, its
 * children are still on their way out, and must be gone before others work on the same data.
 */
export interface ChildRecord {
  add(name: string, pid: number): void;
  /** Everything was stopped in order. */
  clear(): void;
}

export function createChildRecord(file: string): ChildRecord {
  const children = new Map<string, RecordedChild>();
  return {
    add(name, pid) {
      const identity = processIdentity(pid);
      if (identity === undefined) return; // gone already
      children.set(name, { name, pid, identity });
      writeFileAtomically(file, `${JSON.stringify([...children.values()])}\n`, 0o600);
    },
    clear: () => rmSync(file, { force: true }),
  };
}

/**
 * Waits until the children that an earlier supervisor recorded in `file` are gone, and helps those that do not
 * go by themselves: SIGTERM, then SIGKILL. The caller holds the data folder's lock, so nobody supervises them.
 */
export async function endRecordedChildren(file: string, runtime: Runtime, logger: Logger): Promise<void> {
  const children = readRecord(file);
  const alive = (): RecordedChild[] =>
    children.filter((child) => processIdentity(child.pid) === child.identity);
  await until(() => alive().length === 0, runtime);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { name, pid } of alive()) {
      logger.warn({ child: name, pid, signal }, 'stopping a child that an earlier run left behind');
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await until(() => alive().length === 0, runtime);
  }
  const [left] = alive();
  if (left)
    throw new OperatorError(`Process ${left.pid} (${left.name}) of an earlier run cannot be stopped.`);
  rmSync(file, { force: true });
}

async function until(condition: () => boolean, runtime: Runtime): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + limits.supervisor.leftoverGraceMs;
  while (!condition() && runtime.clock.monotonicMs() < deadlineMs) {
    await runtime.timers.sleep(limits.supervisor.leftoverPollMs);
  }
}

function readRecord(file: string): RecordedChild[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RecordedChild[]) : [];
}
