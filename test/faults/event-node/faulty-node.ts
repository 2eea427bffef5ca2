import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The node in a process that scavenges on demand and can be killed at any time, while it starts too. */
export interface FaultyNode {
  readonly child: ChildProcess;
  /** Its address; rejects when it ends before it serves. */
  readonly listening: Promise<string>;
  /** Resolves when it is gone, with what it wrote to stderr. */
  readonly gone: Promise<string>;
}

const fixture = join(import.meta.dirname, '../fixtures/scavenging-node.ts');

export function startFaultyNode(dataDir: string): FaultyNode {
  const child = fork(fixture, [dataDir], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  // Its parent may die first.
  child.on('error', () => undefined);
  const gone = once(child, 'close').then(() => complaint);
  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', (line) => resolve(JSON.parse(line).listening));
    child.once('close', () => reject(new Error(`the node ended before it served: ${complaint}`)));
  });
  listening.catch(() => undefined);
  return { child, listening, gone };
}
