/** The embedded node as a process that can be killed, and the event log on top of it. */
import { once } from 'node:events';
import { statSync, truncateSync } from 'node:fs';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { afterEach, describe, expect, test } from 'vitest';
import { dataFile } from '../../../infra/eventstore/embedded/storage/data-files.ts';
import { type EventLog, type NewEvent, type RecordedEvent, START } from '../../../src/commands/event-log.ts';
import { anEvent, collect, eventsOf, someEvents, takeUntil } from '../../support/event-log-contract.ts';
import { rawConnection } from './conformance/raw-call.ts';
import { aLog, type NodeProcess, nodeProcess, temporaryFolder } from './support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function aFolder(): string {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  return folder.path;
}

async function started(dataDir: string, port = 0): Promise<NodeProcess> {
  const node = await nodeProcess(dataDir, port);
  cleanups.push(() => {
    if (node.child.exitCode === null && node.child.signalCode === null) return node.kill();
    return undefined;
  });
  return node;
}

function connected(url: string): EventLog {
  const log = aLog(url);
  cleanups.push(() => log.close());
  return log;
}

describe('the process', () => {
  test('stops on SIGTERM with 0, and its data is there after the next start', async () => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    const events = someEvents(3);
    await connected(first.url).append('s', 'no-stream', events);
    expect(await first.stop()).toBe(0);
    const second = await started(dataDir);
    const read = await collect(connected(second.url).readStream('s'));
    expect(read.map((event) => event.id)).toEqual(events.map((event) => event.id));
  });

  test('stops with open subscriptions and connections', async () => {
    const node = await started(aFolder());
    const log = connected(node.url);
    await takeUntil(log.subscribe({ after: START }), (item) => item.kind === 'caught-up');
    expect(await node.stop()).toBe(0);
  });

  test('stops with 0 when an operator shuts it down over the wire', async () => {
    const node = await started(aFolder());
    const exited = once(node.child, 'exit');
    const connection = rawConnection(node.port);
    const path = '/event_store.client.operations.Operations/Shutdown';
    await connection.call(path, shared.Empty, new shared.Empty());
    expect((await exited)[0]).toBe(0);
    connection.close();
  });

  test('stops when its parent goes away', async () => {
    const node = await started(aFolder());
    const exited = once(node.child, 'exit');
    node.child.disconnect();
    expect((await exited)[0]).toBe(0);
  });

  test('refuses a data folder that another one has open, in a sentence, and leaves the other alone', async () => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    await expect(nodeProcess(dataDir)).rejects.toThrow(
      /ended with 1: the event data in .* is in use by another running node/,
    );
    const result = await connected(first.url).append('s', 'no-stream', someEvents(1));
    expect(result.kind).toBe('appended');
  });

  test('opens a folder whose owner was killed', async () => {
    const dataDir = aFolder();
    await (await started(dataDir)).kill();
    await started(dataDir);
  });

  test.each([0.5, 0.1])('refuses a data file cut to %d of its size, in a sentence', async (share) => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    const log = connected(first.url);
    for (let round = 0; round < 5; round++) await log.append(`s-${round}`, 'no-stream', someEvents(500));
    await first.kill();
    const file = dataFile(dataDir);
    truncateSync(file, Math.floor(statSync(file).size * share));
    await expect(nodeProcess(dataDir)).rejects.toThrow(/ended with 1: the event data in .* is damaged/);
  });

  test('refuses a port that is taken, in a sentence', async () => {
    const first = await started(aFolder());
    await expect(nodeProcess(aFolder(), first.port)).rejects.toThrow(/port is taken/);
  });
});

describe('the event log, when the node is killed and comes back', () => {
  test('subscriptions go on after the last item, without a gap or a repetition', async () => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    const log = connected(first.url);
    const events = someEvents(40);
    await log.append('s', 'no-stream', events.slice(0, 10));
    const subscription = log.subscribe({ after: START, streamPrefixes: ['s'] });
    const before = await takeUntil(subscription, (item) => item.kind === 'caught-up');
    // Live events, behind which no checkpoint comes: the last of them alone says where to go on.
    await log.append('s', 9, events.slice(10, 20));
    const twentieth = events[19]?.id;
    const live = await takeUntil(
      subscription,
      (item) => item.kind === 'event' && item.event.id === twentieth,
    );

    await first.kill();
    const second = await started(dataDir, first.port);
    await log.append('s', 19, events.slice(20));
    const last = events.at(-1)?.id;
    const after = await takeUntil(subscription, (item) => item.kind === 'event' && item.event.id === last);
    const received = eventsOf([...before, ...live, ...after]).map((event) => event.id);
    expect(received).toEqual(events.map((event) => event.id));
    expect(await second.stop()).toBe(0);
  });

  test('many restarts under appends and subscriptions lose nothing and repeat nothing', async () => {
    const dataDir = aFolder();
    const restarts = 8;
    const writers = 4;
    let node = await started(dataDir);
    const log = connected(node.url);

    // What a consumer does that checkpoints: it now and then forgets its subscription and takes up a new one.
    const received: RecordedEvent[] = [];
    let position = START;
    let wake = Promise.withResolvers<void>();
    const end = anEvent();
    const consumer = async (): Promise<void> => {
      for (;;) {
        const subscription = log.subscribe({ after: position, streamPrefixes: ['s-'] });
        for await (const item of subscription) {
          if (item.kind === 'caught-up') continue;
          const at = item.kind === 'event' ? item.event.position : item.position;
          if (at <= position) throw new Error(`${item.kind} at ${at} after ${position}`);
          position = at;
          if (item.kind !== 'event') continue;
          if (item.event.id === end.id) return subscription.close();
          received.push(item.event);
          wake.resolve();
          if (received.length % 50 === 0) break;
        }
      }
    };
    const appended: string[][] = Array.from({ length: writers }, () => []);
    let stopped = false;
    const writer = async (ids: string[], index: number): Promise<void> => {
      for (let revision = -1; !stopped; ) {
        const events = [anEvent(), anEvent()];
        const again = () => log.append(`s-${index}`, revision < 0 ? 'no-stream' : revision, events);
        let result = await again();
        // A restart may take longer than an append's deadline.
        while (result.kind === 'unknown') result = await again();
        if (result.kind !== 'appended') throw new Error(JSON.stringify(result));
        revision = result.revision;
        ids.push(...events.map((event) => event.id));
        await log.append(`other-${index}`, 'any', someEvents(1));
      }
    };
    const consuming = consumer();
    const writing = Promise.all(appended.map(writer));
    const failed = Promise.race([consuming, writing]).then(() => {
      if (!stopped) throw new Error('the consumer or a writer ended');
    });
    failed.catch(() => {});
    for (let restart = 0; restart < restarts; restart++) {
      // Under way again: something has come that was appended to this very process.
      const target = received.length + 60;
      while (received.length < target) {
        wake = Promise.withResolvers();
        await Promise.race([wake.promise, failed]);
      }
      if (restart % 2 === 0) await node.kill();
      else await node.stop();
      node = await started(dataDir, node.port);
    }
    stopped = true;
    await writing;
    await log.append('s-end', 'no-stream', [end]);
    await consuming;

    for (const [index, ids] of appended.entries()) {
      const events = received.filter((event) => event.stream === `s-${index}`);
      expect(events.map((event) => event.id)).toEqual(ids);
      expect(events.map((event) => event.revision)).toEqual(ids.map((_, at) => at));
    }
    expect(received).toHaveLength(appended.flat().length);
  });

  test('an append made while it is down succeeds once it is back', async () => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    const log = connected(first.url);
    await log.append('s', 'no-stream', someEvents(1));
    await first.kill();
    const pending = log.append('s', 0, someEvents(2));
    await started(dataDir, first.port);
    expect(await pending).toMatchObject({ kind: 'appended', revision: 2 });
  });

  test('a read made while it is down succeeds once it is back', async () => {
    const dataDir = aFolder();
    const first = await started(dataDir);
    const log = connected(first.url);
    await log.append('s', 'no-stream', someEvents(2));
    await first.kill();
    const pending = collect(log.readStream('s'));
    await started(dataDir, first.port);
    expect(await pending).toHaveLength(2);
  });
});

describe('durability', () => {
  test('everything acknowledged is there, whole and once, after kill -9 under concurrent appends', async () => {
    const dataDir = aFolder();
    const acknowledged = new Map<string, { stream: string; revision: number }>();
    const sent = new Map<string, NewEvent[]>();
    let port = 0;
    for (let round = 0; round < 5; round++) {
      const node = await started(dataDir, port);
      port = node.port;
      const log = connected(node.url);
      let stopped = false;
      const killed = Promise.withResolvers<void>();
      let count = 0;
      const killAfter = 40 + round * 37;
      const writer = async (index: number): Promise<void> => {
        const stream = `s-${round}-${index}`;
        for (let revision = -1; !stopped; ) {
          const events = [anEvent(), anEvent()];
          for (const event of events) sent.set(event.id, events);
          const result = await log.append(stream, revision < 0 ? 'no-stream' : revision, events);
          // A restart may outlast an append's deadline. Such an append is there or not, but never by half.
          if (result.kind === 'unknown' && stopped) return;
          if (result.kind !== 'appended') throw new Error(JSON.stringify(result));
          revision = result.revision;
          events.forEach((event, at) => {
            acknowledged.set(event.id, { stream, revision: revision - 1 + at });
          });
          if (++count === killAfter) {
            stopped = true;
            await node.kill();
            killed.resolve();
          }
        }
      };
      const writers = Array.from({ length: 16 }, (_, index) => writer(index));
      // The kill, or a writer that fails before it: a loop that asks would take the time that the node needs.
      await Promise.race([killed.promise, Promise.all(writers)]);
      // Those in flight when it died are sent again to the next one; here the round ends with a restart.
      const again = await started(dataDir, port);
      await Promise.all(writers);
      await log.close();
      await again.kill();
    }
    const node = await started(dataDir, port);
    const all = await collect(connected(node.url).readAll());
    const found = new Map(all.map((event) => [event.id, event]));
    expect(found.size).toBe(all.length);
    for (const [id, { stream, revision }] of acknowledged) {
      expect(found.get(id)).toMatchObject({ stream, revision });
    }
    // No append is there by half, acknowledged or not.
    for (const event of all) {
      for (const sibling of sent.get(event.id) ?? []) expect(found.has(sibling.id)).toBe(true);
    }
  });
});
