import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Logger, pino } from 'pino';
import {
  type EventNode,
  type EventNodeOptions,
  startEventNode,
} from '../../../infra/eventstore/embedded/node.ts';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';

export const quiet: Logger = pino({ level: 'silent' });
export const runtime = systemRuntime();

/** A folder under the system's temporary one, removed by `remove`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'hongbao-event-node-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A node in this process, on a folder of its own. */
export async function aNode(
  options: Partial<EventNodeOptions> = {},
): Promise<{ node: EventNode; close: () => Promise<void> }> {
  const folder = temporaryFolder();
  const node = await startEventNode({
    dataDir: folder.path,
    host: '127.0.0.1',
    port: 0,
    logger: quiet,
    runtime,
    ...options,
  });
  return {
    node,
    close: async () => {
      await node.close();
      folder.remove();
    },
  };
}

export const aLog = (url: string): EventLog => createEventStoreEventLog({ url, runtime, logger: quiet });

/** A node in a process of its own, which can be killed. */
export interface NodeProcess {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const main = join(import.meta.dirname, '../../../infra/eventstore/embedded/main.ts');

/** Starts one and waits until it serves. Rejects with what it wrote to stderr when it ends before that. */
export async function nodeProcess(dataDir: string, port = 0): Promise<NodeProcess> {
  const child = fork(main, ['--data', dataDir, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'warn' },
    execArgv: [],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', (line) => {
      const said = JSON.parse(line);
      if (said.listening !== undefined) resolve(said.listening);
    });
    // 'close' comes after all of stderr, 'exit' may not.
    child.once('close', (code) => reject(new Error(`the node ended with ${code}: ${complaint}`)));
  });
  return {
    url,
    port: Number(new URL(url.replace('esdb:', 'http:')).port),
    child,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
}
