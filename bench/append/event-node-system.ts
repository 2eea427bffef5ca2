import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { type EventLog, START } from '../../src/commands/event-log.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { AppendSystem } from './append-system.ts';
import { benchEvent } from './bench-event.ts';
import { processCpuMs } from './process-cpu.ts';

/** Our node in a process of its own, and our adapter to it in this one. */
export async function startEventNodeSystem(dataDir: string): Promise<AppendSystem> {
  const node = await startNode(new URL('../../infra/eventstore/embedded/main.ts', import.meta.url), dataDir);
  const log = createEventStoreEventLog({
    url: node.url,
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
  });
  return {
    ...appending(log, node),
    reads: {
      readStream: (stream) => count(log.readStream(nameOf(stream))),
      readAll: () => count(log.readAll()),
      catchUp: () => catchUp(log),
    },
    delivery: (rounds) => delivery(log, rounds),
  };
}

/** A node that answers every append at once and keeps nothing: what the client alone can do. */
export async function startStorelessSystem(): Promise<AppendSystem> {
  const node = await startNode(new URL('./storeless-node.ts', import.meta.url), '.');
  const log = createEventStoreEventLog({
    url: node.url,
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
  });
  return appending(log, node);
}

interface NodeProcess {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startNode(file: URL, dataDir: string): Promise<NodeProcess> {
  const child = fork(fileURLToPath(file), ['--data', dataDir, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'silent' },
    execArgv: [],
  });
  if (child.stdout === null) throw new Error('the node has no output');
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the node ended with ${code}`))),
  ]);
  return { url: JSON.parse(line).listening, process: child };
}

function appending(log: EventLog, { process: node }: NodeProcess) {
  const revisions = new Map<number, number>();
  return {
    async append(stream: number, events: number): Promise<void> {
      const last = revisions.get(stream) ?? -1;
      const batch = Array.from({ length: events }, benchEvent);
      const result = await log.append(nameOf(stream), last < 0 ? 'no-stream' : last, batch);
      if (result.kind !== 'appended') throw new Error(JSON.stringify(result));
      revisions.set(stream, last + events);
    },
    serverCpuMs: () => processCpuMs(node.pid ?? 0),
    async close(): Promise<void> {
      await log.close();
      node.kill('SIGTERM');
      await once(node, 'exit');
    },
  };
}

const nameOf = (stream: number): string => `bench-${stream}`;

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let counted = 0;
  for await (const _ of items) counted++;
  return counted;
}

async function catchUp(log: EventLog): Promise<number> {
  const subscription = log.subscribe({ after: START, streamPrefixes: ['bench-'] });
  let counted = 0;
  for await (const item of subscription) {
    if (item.kind === 'event') counted++;
    if (item.kind === 'caught-up') break;
  }
  await subscription.close();
  return counted;
}

async function delivery(log: EventLog, rounds: number): Promise<number[]> {
  const subscription = log.subscribe({ after: await log.head(), streamPrefixes: ['delivery'] });
  const items = subscription[Symbol.asyncIterator]();
  const delays: number[] = [];
  for (let revision = -1; revision < rounds - 1; revision++) {
    const event = benchEvent();
    const startedMs = performance.now();
    const appended = log.append('delivery', revision < 0 ? 'no-stream' : revision, [event]);
    for (;;) {
      const { value, done } = await items.next();
      if (done === true) throw new Error('the subscription ended');
      if (value.kind === 'event' && value.event.id === event.id) break;
    }
    delays.push(performance.now() - startedMs);
    await appended;
  }
  await subscription.close();
  return delays;
}
