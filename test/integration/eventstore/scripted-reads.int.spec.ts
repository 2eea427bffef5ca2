/** Reads and subscriptions on a store that breaks them off, repeats itself, is damaged, lags or never stops. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import {
  type EventLog,
  EventLogUnavailable,
  START,
  type Subscription,
  type SubscriptionItem,
} from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { collect } from '../../support/event-log-contract.ts';
import {
  aScriptedStore,
  caughtUp,
  checkpointAt,
  confirmation,
  eventAt,
  failure,
  isSubscription,
  positionOf,
  type ScriptedStore,
  type StoreScript,
} from './scripted-store.ts';
import { type SteppedRuntime, steppedRuntime } from './stepped-runtime.ts';
import { quiet } from './support.ts';

const { readIdleMs, reconnectDelayMsMax, reconnectDelayMsMin } = limits.eventLog;
const UNAVAILABLE = 14;
const DATA_LOSS = 15;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aLogOn(
  read: NonNullable<StoreScript['read']>,
  time = steppedRuntime(),
): Promise<{ log: EventLog; store: ScriptedStore; time: SteppedRuntime }> {
  const store = await aScriptedStore({ read });
  cleanups.push(() => store.close());
  const log = createEventStoreEventLog({ url: store.url, runtime: time, logger: quiet });
  cleanups.push(() => log.close());
  return { log, store, time };
}

async function take(subscription: Subscription, count: number): Promise<SubscriptionItem[]> {
  const items: SubscriptionItem[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (items.length < count) {
    const next = await iterator.next();
    if (next.done) break;
    items.push(next.value);
  }
  return items;
}

/** `e7`, `c9`, `caught-up`. */
function short(item: SubscriptionItem): string {
  if (item.kind === 'event') return `e${item.event.position}`;
  return item.kind === 'checkpoint' ? `c${item.position}` : item.kind;
}

describe('a subscription', () => {
  test('only moves forwards, whatever the store repeats, and over broken calls too', async () => {
    const { log, store } = await aLogOn(async (_, call, count) => {
      await call.write(confirmation());
      const frames =
        count === 1
          ? [eventAt(10n), checkpointAt(10n), checkpointAt(5n), eventAt(10n), eventAt(12n), checkpointAt(20n)]
          : [checkpointAt(15n), checkpointAt(20n), eventAt(12n), eventAt(25n), caughtUp()];
      for (const frame of frames) await call.write(frame);
      throw failure(UNAVAILABLE, 'gone');
    });
    const items = await take(log.subscribe({ after: 3n }), 5);
    expect(items.map(short)).toEqual(['e10', 'e12', 'c20', 'e25', 'caught-up']);
    expect(store.reads.slice(0, 2).map(positionOf)).toEqual([3n, 20n]);
  });

  test('goes on over a new call when the store ends the old one without an error', async () => {
    const { log, store } = await aLogOn(async (_, call, count) => {
      await call.write(confirmation());
      await call.write(eventAt(BigInt(count)));
    });
    expect((await take(log.subscribe({ after: START }), 3)).map(short)).toEqual(['e1', 'e2', 'e3']);
    expect(store.reads.slice(0, 3).map(positionOf)).toEqual([undefined, 1n, 2n]);
  });

  test('asks ever less often for what is damaged, though each call is confirmed', async () => {
    const time = steppedRuntime();
    const askedMs: number[] = [];
    const enough = Promise.withResolvers<void>();
    const { log } = await aLogOn(async (_, call) => {
      askedMs.push(time.clock.monotonicMs());
      if (askedMs.length === 12) enough.resolve();
      await call.write(confirmation());
      throw failure(DATA_LOSS, 'damaged');
    }, time);
    const next = log.subscribe({ after: START })[Symbol.asyncIterator]().next();
    await enough.promise;
    const delays = askedMs.slice(1).map((atMs, index) => atMs - (askedMs[index] ?? 0));
    expect(delays[0]).toBeLessThanOrEqual(reconnectDelayMsMin);
    expect(delays.at(-1)).toBeGreaterThanOrEqual(reconnectDelayMsMax / 2);
    await log.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test.each([
    ['an event', (at: bigint) => eventAt(at)],
    ['a checkpoint', (at: bigint) => checkpointAt(at)],
    ['caught-up', () => caughtUp()],
  ])('is resumed at once after each break that follows %s', async (_, frameAt) => {
    const time = steppedRuntime();
    const askedMs: number[] = [];
    const { log } = await aLogOn(async (_request, call, count) => {
      askedMs.push(time.clock.monotonicMs());
      await call.write(confirmation());
      await call.write(frameAt(BigInt(count)));
      throw failure(UNAVAILABLE, 'gone');
    }, time);
    await take(log.subscribe({ after: START }), 12);
    const delays = askedMs.slice(1).map((atMs, index) => atMs - (askedMs[index] ?? 0));
    expect(Math.max(...delays)).toBeLessThanOrEqual(reconnectDelayMsMin);
  });

  test('that nobody reads lets the store wait, and gets everything later', async () => {
    const events = 400;
    const eventBytes = 100_000;
    let written = 0;
    const { log } = await aLogOn(async (request, call) => {
      if (!isSubscription(request)) return call.write(eventAt(1n));
      await call.write(confirmation());
      for (let at = 1n; at <= events && !call.signal.aborted; at++) {
        await call.write(eventAt(at, eventBytes));
        written++;
      }
      return call.write(caughtUp());
    });
    const subscription = log.subscribe({ after: START });
    expect((await take(subscription, 1)).map(short)).toEqual(['e1']);
    // The store goes on until it has to wait: until whole round trips on the same connection see no further write.
    let writtenBefore = -1;
    for (let quietTrips = 0; quietTrips < 20; quietTrips = written === writtenBefore ? quietTrips + 1 : 0) {
      writtenBefore = written;
      await log.head();
    }
    expect(written * eventBytes).toBeLessThan(8_000_000);
    const rest = await take(subscription, events);
    expect(rest).toHaveLength(events);
    expect(rest.at(-1)).toEqual({ kind: 'caught-up' });
  });
});

describe('a read of the log', () => {
  const head = 5_000n;

  /** Answers the question for the head, and leaves the rest to the test. */
  function withHead(read: NonNullable<StoreScript['read']>): NonNullable<StoreScript['read']> {
    return (request, call, count) =>
      request.getOptions()?.getReadDirection() === 1 ? call.write(eventAt(head)) : read(request, call, count);
  }

  test('outlasts any stretch without a match while the store says how far it is', async () => {
    const time = steppedRuntime();
    const { log } = await aLogOn(
      withHead(async (request, call) => {
        if (!isSubscription(request)) {
          // As a store reads a filtered log: silent between matches.
          for (let step = 0; step < 10 && !call.signal.aborted; step++) {
            time.pass(readIdleMs * 0.9);
            await turn();
          }
          return;
        }
        await time.untilArmed(() => call.write(confirmation()));
        for (let at = 500n; at <= head; at += 500n) {
          time.pass(readIdleMs * 0.9);
          if (at === head) await call.write(checkpointAt(at));
          else await time.untilArmed(() => call.write(checkpointAt(at)));
        }
      }),
      time,
    );
    expect(await collect(log.readAll({ streamPrefixes: ['nobody-'] }))).toEqual([]);
    expect(time.clock.monotonicMs()).toBeGreaterThan(readIdleMs * 5);
  });

  test('ends when the store has caught up, without any checkpoint', async () => {
    const { log } = await aLogOn(
      withHead(async (_, call) => {
        for (const frame of [confirmation(), eventAt(7n), caughtUp()]) await call.write(frame);
        await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      }),
    );
    const read = await collect(log.readAll({ streamPrefixes: ['s'] }));
    expect(read.map((event) => event.position)).toEqual([7n]);
  });

  test('does not take the end of a node that lags for the end of the log', async () => {
    let heads = 0;
    const { log } = await aLogOn(async (request, call) => {
      if (!isSubscription(request)) return call.write(eventAt(heads++ === 0 ? head : 3n));
      for (const frame of [confirmation(), caughtUp(), eventAt(4n), checkpointAt(head)]) {
        await call.write(frame);
      }
    });
    const read = await collect(log.readAll({ streamPrefixes: ['s'] }));
    expect(read.map((event) => event.position)).toEqual([4n]);
  });

  test('goes on where it was when the call breaks, and takes no end of a call for the end of the log', async () => {
    const { log, store } = await aLogOn(
      withHead(async (_, call, count) => {
        await call.write(confirmation());
        await call.write(eventAt(BigInt(count) * 1_000n));
        if (count % 2 === 0) throw failure(UNAVAILABLE, 'gone');
      }),
    );
    const read = await collect(log.readAll({ until: 4_000n, streamPrefixes: ['s'] }));
    expect(read.map((event) => event.position)).toEqual([2_000n, 3_000n, 4_000n]);
    expect(store.reads.slice(1).map(positionOf)).toEqual([undefined, 2_000n, 3_000n]);
  });

  test('is given up when the store confirms and confirms, and says nothing else', async () => {
    const { log, store } = await aLogOn(
      withHead(async (_, call) => {
        await call.write(confirmation());
        throw failure(UNAVAILABLE, 'gone');
      }),
    );
    await expect(collect(log.readAll())).rejects.toThrow(EventLogUnavailable);
    expect(store.reads.length).toBeGreaterThan(5);
  });

  test('that nobody reads lets the store wait', async () => {
    const eventBytes = 100_000;
    let written = 0;
    const { log } = await aLogOn(
      withHead(async (_, call) => {
        await call.write(confirmation());
        for (let at = 1n; at <= 400n && !call.signal.aborted; at++) {
          await call.write(eventAt(at, eventBytes));
          written++;
        }
      }),
    );
    const iterator = log.readAll()[Symbol.asyncIterator]();
    await iterator.next();
    let writtenBefore = -1;
    for (let quietTrips = 0; quietTrips < 20; quietTrips = written === writtenBefore ? quietTrips + 1 : 0) {
      writtenBefore = written;
      await log.head();
    }
    expect(written * eventBytes).toBeLessThan(8_000_000);
    await iterator.return?.();
  });
});
