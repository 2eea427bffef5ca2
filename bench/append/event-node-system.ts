import { pino } from 'pino';
import { createEventStoreEventLog } from '../../infra/eventstore/eventstore-event-log.ts';
import { type EventLog, START } from '../../src/commands/event-log.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import type { BenchEngine } from '../harness/bench-engine.ts';
import { startBenchEventNode } from '../harness/bench-event-node.ts';
import type { AppendSystem } from './append-system.ts';
import { benchEvent } from './bench-event.ts';

/** Our node in a process of its own, and our adapter to it in this one. */
export async function startEventNodeSystem(dataDir: string): Promise<AppendSystem> {
  const node = await startBenchEventNode(dataDir);
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
  const node = await startBenchEventNode('.', new URL('./storeless-node.ts', import.meta.url));
  const log = createEventStoreEventLog({
    url: node.url,
    runtime: systemRuntime(),
    logger: pino({ level: 'silent' }),
  });
  return appending(log, node);
}

function appending(log: EventLog, node: BenchEngine) {
  const revisions = new Map<number, number>();
  return {
    async append(stream: number, events: number): Promise<void> {
      const last = revisions.get(stream) ?? -1;
      const batch = Array.from({ length: events }, benchEvent);
      const result = await log.append(nameOf(stream), last < 0 ? 'no-stream' : last, batch);
      if (result.kind !== 'appended') throw new Error(JSON.stringify(result));
      revisions.set(stream, last + events);
    },
    serverCpuMs: () => node.cpuMs(),
    async close(): Promise<void> {
      await log.close();
      await node.stop();
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
