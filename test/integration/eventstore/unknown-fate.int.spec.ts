/** Appends whose answer is late, lost, unclear, twice, or never comes, from a store that misbehaves on cue. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterEach, expect, test } from 'vitest';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import { type EventLog, EventLogUnavailable } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent, collect } from '../../support/event-log-contract.ts';
import {
  acknowledge,
  acknowledged,
  aMuteHost,
  answerError,
  aScriptedStore,
  failure,
  type ScriptedStore,
  type StoreScript,
} from './scripted-store.ts';
import { type SteppedRuntime, steppedRuntime } from './stepped-runtime.ts';
import { quiet } from './support.ts';

const { appendDeadlineMs, appendBytesMax } = limits.eventLog;
const UNAVAILABLE = 14;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Harness {
  readonly log: EventLog;
  readonly store: ScriptedStore;
  readonly time: SteppedRuntime;
}

/** A log on a store that hears appends and does with them what the test says. */
async function aLogOn(
  append: (time: SteppedRuntime) => NonNullable<StoreScript['append']>,
): Promise<Harness> {
  const time = steppedRuntime();
  const store = await aScriptedStore({ append: append(time) });
  cleanups.push(() => store.close());
  return { log: connected(store.url, time), store, time };
}

function connected(url: string, time: SteppedRuntime): EventLog {
  const log = createEventStoreEventLog({ url, runtime: time, logger: quiet });
  cleanups.push(() => log.close());
  return log;
}

test('an append without an answer is sent again byte for byte, and its answer then counts', async () => {
  const { log, store } = await aLogOn((time) => async (request, call, count) => {
    if (count < 3) time.expire();
    else await acknowledge(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
  expect(store.appends).toHaveLength(3);
  expect(store.appends[1]).toEqual(store.appends[0]);
  expect(store.appends[2]).toEqual(store.appends[0]);
});

test('a call that stays silent is given up, and the append sent again over a new one', async () => {
  const { log, store } = await aLogOn((time) => async (request, call) => {
    if (store.appendCalls() === 1) time.expire();
    else await acknowledge(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
  expect(store.appendCalls()).toBe(2);
});

test('a call over which others are answered is kept when one append gets no answer', async () => {
  const { log, store, time } = await aLogOn(() => async (request, call, count) => {
    if (count === 1) return;
    time.pass(1);
    await acknowledge(request, call);
  });
  const silent = log.append('s', 'no-stream', [anEvent()]);
  await log.append('other', 'no-stream', [anEvent()]);
  time.expire();
  expect(await silent).toEqual(acknowledged);
  expect(store.appendCalls()).toBe(1);
});

test.each(['Timeout', 'Unknown', 'SomethingNew'])(
  'an append answered with %s is sent again byte for byte until the answer is clear',
  async (type) => {
    const { log, store } = await aLogOn(() => async (request, call, count) => {
      if (count < 4) await answerError(request, call, type);
      else await acknowledge(request, call);
    });
    expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
    expect(new Set(store.appends.map((bytes) => bytes.toString('hex'))).size).toBe(1);
    expect(store.appends).toHaveLength(4);
    expect(store.appendCalls()).toBe(1);
  },
);

test('an append that is never answered clearly is unknown after the deadline', async () => {
  const { log, store, time } = await aLogOn(() => (request, call) => answerError(request, call, 'Timeout'));
  const result = await log.append('s', 'no-stream', [anEvent()]);
  expect(result).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('Timeout') });
  expect(time.clock.monotonicMs()).toBeGreaterThan(appendDeadlineMs / 2);
  expect(time.clock.monotonicMs()).toBeLessThanOrEqual(appendDeadlineMs);
  expect(store.appends.length).toBeGreaterThan(5);
});

test('a wait that takes longer than it was meant to ends at the deadline, without a timer in the past', async () => {
  const time = steppedRuntime();
  const oversleeping: SteppedRuntime = {
    ...time,
    timers: { ...time.timers, sleep: async () => time.pass(appendDeadlineMs) },
  };
  const store = await aScriptedStore({ append: (request, call) => answerError(request, call, 'Timeout') });
  cleanups.push(() => store.close());
  const log = connected(store.url, oversleeping);
  expect(await log.append('s', 'no-stream', [anEvent()])).toMatchObject({ kind: 'unknown' });
  expect(store.appends).toHaveLength(1);
});

test('a clear answer to an earlier try counts, also while waiting to send again', async () => {
  const { log } = await aLogOn(() => async (request, call, count) => {
    if (count > 1) return;
    await answerError(request, call, 'Timeout');
    await acknowledge(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
});

test('an append whose call broke is sent again over a new one', async () => {
  const { log, store } = await aLogOn(() => async (request, call, count) => {
    if (count < 3) throw failure(UNAVAILABLE, 'not now');
    await acknowledge(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
  expect(new Set(store.appends.map((bytes) => bytes.toString('hex'))).size).toBe(1);
});

test('one broken call costs no other append its answer', async () => {
  const { log } = await aLogOn(() => async (request, call, count) => {
    if (count === 10) throw failure(UNAVAILABLE, 'not now');
    if (count > 10) await acknowledge(request, call);
  });
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => log.append(`s-${index}`, 'any', [anEvent()])),
  );
  expect(results).toEqual(results.map(() => acknowledged));
});

test('answers that nobody waits for, or that come twice, do nothing', async () => {
  const { log } = await aLogOn(() => async (request, call) => {
    const stranger = new streams.BatchAppendReq().setCorrelationId(
      new shared.UUID().setString(crypto.randomUUID()),
    );
    await acknowledge(stranger, call);
    await answerError(stranger, call, 'Timeout');
    await acknowledge(request, call);
    await acknowledge(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(acknowledged);
});

test('an append that is never answered is unknown after the deadline, not an exception', async () => {
  const { log, time } = await aLogOn((time) => async () => time.expire());
  expect(await log.append('s', 'no-stream', [anEvent()])).toMatchObject({ kind: 'unknown' });
  expect(time.clock.monotonicMs()).toBeGreaterThan(appendDeadlineMs / 2);
  expect(time.clock.monotonicMs()).toBeLessThanOrEqual(appendDeadlineMs);
});

test('a host that accepts connections and says nothing makes appends unknown and reads unavailable', async () => {
  const host = await aMuteHost();
  cleanups.push(() => host.close());
  const time = steppedRuntime();
  const log = connected(`esdb://127.0.0.1:${host.port}?tls=false`, time);
  expect(await time.expireUntilSettled(log.append('s', 'no-stream', [anEvent()]))).toMatchObject({
    kind: 'unknown',
  });
  await expect(time.expireUntilSettled(collect(log.readStream('s')))).rejects.toThrow(EventLogUnavailable);
  await expect(time.expireUntilSettled(log.head())).rejects.toThrow(EventLogUnavailable);
});

test('a cluster of which no member answers makes appends unknown and reads unavailable in time', async () => {
  const host = await aMuteHost();
  cleanups.push(() => host.close());
  const time = steppedRuntime();
  const log = connected(`esdb+discover://127.0.0.1:${host.port}?tls=false&gossipTimeout=60`, time);
  expect(await time.expireUntilSettled(log.append('s', 'no-stream', [anEvent()]))).toMatchObject({
    kind: 'unknown',
  });
  await expect(time.expireUntilSettled(log.head())).rejects.toThrow(EventLogUnavailable);
  await log.close();
});

test('an append that is too large for any store is rejected at once', async () => {
  const { log, store } = await aLogOn(() => acknowledge);
  const big = anEvent({ text: 'x'.repeat(appendBytesMax) });
  await expect(log.append('s', 'no-stream', [big])).rejects.toThrow(/at most/);
  expect(store.appends).toEqual([]);
});

test('a closed log refuses, and its subscriptions end', async () => {
  const { log } = await aLogOn(() => acknowledge);
  const subscription = log.subscribe({ after: -1n });
  const next = subscription[Symbol.asyncIterator]().next();
  await log.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(log.append('s', 'any', [anEvent()])).rejects.toThrow(EventLogUnavailable);
});
