/** What every implementation of the event log port does. Each suite runs it on its own log. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AppendRejected,
  type EventLog,
  EventLogUnavailable,
  type NewEvent,
  type RecordedEvent,
  START,
  type Subscription,
  type SubscriptionItem,
} from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { anEvent } from './an-event.ts';

export interface LogUnderTest {
  readonly log: EventLog;
  close(): Promise<void>;
}

export { anEvent };

export const someEvents = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => anEvent({ index }));

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Takes items until one satisfies `last` (included). */
export async function takeUntil(
  subscription: Subscription,
  last: (item: SubscriptionItem) => boolean,
): Promise<SubscriptionItem[]> {
  const iterator = subscription[Symbol.asyncIterator]();
  const items: SubscriptionItem[] = [];
  for (;;) {
    const next = await iterator.next();
    if (next.done) throw new Error('the subscription ended');
    items.push(next.value);
    if (last(next.value)) return items;
  }
}

export const eventsOf = (items: readonly SubscriptionItem[]): RecordedEvent[] =>
  items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));

const idsOf = (events: readonly NewEvent[]): string[] => events.map((event) => event.id);
const isCaughtUp = (item: SubscriptionItem): boolean => item.kind === 'caught-up';
const isEvent =
  (id: string) =>
  (item: SubscriptionItem): boolean =>
    item.kind === 'event' && item.event.id === id;

export function eventLogContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    let under: LogUnderTest;
    let log: EventLog;
    // Streams of one test begin with a word of its own: an outside store is not empty.
    const unique = (): string => `t${randomUUID().replaceAll('-', '')}`;

    beforeAll(async () => {
      under = await makeLog();
      log = under.log;
    });
    afterAll(() => under.close());

    async function appended(stream: string, expected: number | 'no-stream' | 'any', events: NewEvent[]) {
      const result = await log.append(stream, expected, events);
      if (result.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(result)}`);
      return result;
    }

    describe('append', () => {
      test('gives the events of a stream consecutive revisions from 0 and growing positions', async () => {
        const stream = unique();
        const events = someEvents(3);
        const first = await appended(stream, 'no-stream', events.slice(0, 2));
        const second = await appended(stream, 1, events.slice(2));
        const read = await collect(log.readStream(stream));
        expect(first.revision).toBe(1);
        expect(second.revision).toBe(2);
        expect(second.position > first.position).toBe(true);
        expect(read.map((event) => event.revision)).toEqual([0, 1, 2]);
        expect(read[1]?.position).toBe(first.position);
        expect(read[2]?.position).toBe(second.position);
        expect((read[0]?.position ?? 0n) < first.position).toBe(true);
      });

      test('gives back what was put in', async () => {
        const stream = `${unique()}-用户~🧧/ü`;
        const event = anEvent({
          text: '恭喜发财 🧧 "quoted" \u0000',
          nested: [1, null, { deep: true }],
          empty: '',
        });
        await appended(stream, 'no-stream', [event]);
        const [read] = await collect(log.readStream(stream));
        expect(read).toEqual({ ...event, stream, revision: 0, position: read?.position });
      });

      test('takes an event of hundreds of kilobytes', async () => {
        const stream = unique();
        const event = anEvent({ text: '红'.repeat(200_000) });
        await appended(stream, 'no-stream', [event]);
        const [read] = await collect(log.readStream(stream));
        expect(read?.data).toEqual(event.data);
      });

      test('refuses another expected revision, says the current one, and writes nothing', async () => {
        const stream = unique();
        await appended(stream, 'no-stream', someEvents(2));
        for (const expected of ['no-stream', 0, 2, 7] as const) {
          expect(await log.append(stream, expected, someEvents(2))).toEqual({
            kind: 'conflict',
            currentRevision: 1,
          });
        }
        expect(await collect(log.readStream(stream))).toHaveLength(2);
      });

      test('refuses an expected revision for a stream that is not there', async () => {
        const result = await log.append(unique(), 0, someEvents(1));
        expect(result).toEqual({ kind: 'conflict', currentRevision: -1 });
      });

      test('takes any revision when asked so', async () => {
        const stream = unique();
        await appended(stream, 'any', someEvents(1));
        const result = await appended(stream, 'any', someEvents(1));
        expect(result.revision).toBe(1);
      });

      test.each(['no-stream', 'any'] as const)(
        'answers a resend of %s as the first time, and writes once',
        async (expected) => {
          const stream = unique();
          const events = someEvents(3);
          const first = await appended(stream, expected, events);
          await appended(stream, 'any', someEvents(1));
          const again = await appended(stream, expected, events);
          expect(again).toEqual(first);
          expect(await collect(log.readStream(stream))).toHaveLength(4);
        },
      );

      test('answers a resend with an exact revision as the first time, and writes once', async () => {
        const stream = unique();
        await appended(stream, 'no-stream', someEvents(2));
        const events = someEvents(2);
        const first = await appended(stream, 1, events);
        await appended(stream, 3, someEvents(1));
        expect(await appended(stream, 1, events)).toEqual(first);
        expect(await collect(log.readStream(stream))).toHaveLength(5);
      });

      test('takes it for a conflict when only part of the ids are there', async () => {
        const stream = unique();
        const events = someEvents(2);
        await appended(stream, 'no-stream', events);
        const halfNew = [events[0]!, anEvent()];
        expect(await log.append(stream, 'no-stream', halfNew)).toEqual({
          kind: 'conflict',
          currentRevision: 1,
        });
        const tooLong = [...events, anEvent()];
        expect(await log.append(stream, 'no-stream', tooLong)).toEqual({
          kind: 'conflict',
          currentRevision: 1,
        });
      });

      test('lets one of many writers that expect the same revision win', async () => {
        const stream = unique();
        const results = await Promise.all(
          Array.from({ length: 20 }, () => log.append(stream, 'no-stream', someEvents(2))),
        );
        expect(results.filter((result) => result.kind === 'appended')).toHaveLength(1);
        expect(results.filter((result) => result.kind === 'conflict')).toHaveLength(19);
        expect(await collect(log.readStream(stream))).toHaveLength(2);
      });

      test('keeps the events of an append together in the log', async () => {
        const prefix = unique();
        await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            appended(`${prefix}-${index}`, 'no-stream', someEvents(5)),
          ),
        );
        const streams = (await collect(log.readAll({ streamPrefixes: [prefix] }))).map(
          (event) => event.stream,
        );
        const runs = streams.filter((stream, index) => stream !== streams[index - 1]);
        expect(streams).toHaveLength(100);
        expect(runs).toHaveLength(20);
      });

      test('rejects for good what can never be appended, with its code, and writes nothing', async () => {
        const stream = unique();
        const cyclic: { self?: unknown } = {};
        cyclic.self = cyclic;
        const { appendBytesMax, appendEventsMax } = limits.eventLog;
        for (const [events, code] of [
          [[], 'internal'],
          [someEvents(appendEventsMax + 1), 'too-large'],
          [[anEvent(), anEvent('x'.repeat(appendBytesMax))], 'too-large'],
          [[anEvent(), anEvent(cyclic)], 'internal'],
          [[anEvent(() => {})], 'internal'],
        ] as const) {
          const error: unknown = await log.append(stream, 'any', events).catch((reason: unknown) => reason);
          expect(error).toBeInstanceOf(AppendRejected);
          expect(error).toMatchObject({ code });
        }
        expect(await collect(log.readStream(stream))).toEqual([]);
      });

      test('is seen by every read that begins after its answer', async () => {
        const stream = unique();
        for (let revision = -1; revision < 20; revision++) {
          const event = anEvent();
          const { position } = await appended(stream, revision < 0 ? 'no-stream' : revision, [event]);
          const [newest] = await collect(log.readStream(stream, { direction: 'backwards', maxCount: 1 }));
          expect(newest?.id).toBe(event.id);
          expect(await log.head()).toBeGreaterThanOrEqual(position);
        }
      });
    });

    describe('readStream', () => {
      test('yields nothing for a stream that does not exist', async () => {
        expect(await collect(log.readStream(unique()))).toEqual([]);
        expect(await collect(log.readStream(unique(), { direction: 'backwards' }))).toEqual([]);
      });

      test('reads ranges in both directions', async () => {
        const stream = unique();
        await appended(stream, 'no-stream', someEvents(10));
        const revisions = async (options: Parameters<EventLog['readStream']>[1]): Promise<number[]> =>
          (await collect(log.readStream(stream, options))).map((event) => event.revision);
        expect(await revisions({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
        expect(await revisions({ from: 2, maxCount: 3 })).toEqual([2, 3, 4]);
        expect(await revisions({ from: 10 })).toEqual([]);
        expect(await revisions({ from: 999 })).toEqual([]);
        expect(await revisions({ maxCount: 0 })).toEqual([]);
        expect(await revisions({ direction: 'backwards', maxCount: 2 })).toEqual([9, 8]);
        expect(await revisions({ direction: 'backwards', from: 2 })).toEqual([2, 1, 0]);
        expect(await revisions({ direction: 'backwards', from: 4, maxCount: 2 })).toEqual([4, 3]);
        expect(await revisions({ direction: 'backwards', from: 0 })).toEqual([0]);
      });

      test('may be left before its end', async () => {
        const stream = unique();
        await appended(stream, 'no-stream', someEvents(100));
        for await (const event of log.readStream(stream)) if (event.revision === 3) break;
        expect(await collect(log.readStream(stream, { from: 99 }))).toHaveLength(1);
      });
    });

    describe('readAll', () => {
      test('yields the log in the order of positions, between two positions', async () => {
        const prefix = unique();
        const before = await log.head();
        const positions: bigint[] = [];
        for (let index = 0; index < 6; index++) {
          const result = await appended(`${prefix}-${index % 2}`, 'any', someEvents(1));
          positions.push(result.position);
        }
        const read = async (options: Parameters<EventLog['readAll']>[0]): Promise<bigint[]> =>
          (await collect(log.readAll({ streamPrefixes: [prefix], ...options }))).map(
            (event) => event.position,
          );
        expect(await read({})).toEqual(positions);
        expect(await read({ after: before })).toEqual(positions);
        expect(await read({ after: START })).toEqual(positions);
        expect(await read({ after: positions[1]! })).toEqual(positions.slice(2));
        expect(await read({ after: positions[1]!, until: positions[3]! })).toEqual(positions.slice(2, 4));
        expect(await read({ after: positions[5]! })).toEqual([]);
        expect(await read({ after: positions[3]!, until: positions[1]! })).toEqual([]);
        expect(await log.head()).toBe(positions[5]);
      });

      test('yields only streams with one of the prefixes', async () => {
        const word = unique();
        await appended(`${word}a-1`, 'no-stream', someEvents(1));
        await appended(`${word}b-1`, 'no-stream', someEvents(1));
        await appended(`${word}c-1`, 'no-stream', someEvents(1));
        const read = await collect(log.readAll({ streamPrefixes: [`${word}a-`, `${word}c-`] }));
        expect(read.map((event) => event.stream)).toEqual([`${word}a-1`, `${word}c-1`]);
        expect(await collect(log.readAll({ streamPrefixes: [unique()] }))).toEqual([]);
      });

      test('leaves out system streams', async () => {
        const word = unique();
        await appended(`$${word}`, 'no-stream', someEvents(1));
        const { position } = await appended(word, 'no-stream', someEvents(1));
        await appended(`$${word}`, 0, someEvents(1));
        const read = (await collect(log.readAll())).filter((event) => event.stream.includes(word));
        expect(read.map((event) => event.stream)).toEqual([word]);
        expect(await log.head()).toBeGreaterThanOrEqual(position);
      });

      test('may be left before its end', async () => {
        const prefix = unique();
        await appended(prefix, 'any', someEvents(100));
        for await (const event of log.readAll({ streamPrefixes: [prefix] })) if (event.revision === 3) break;
        expect(await collect(log.readAll({ streamPrefixes: [prefix] }))).toHaveLength(100);
      });

      test('ends where the log ended when it began', async () => {
        const prefix = unique();
        await appended(prefix, 'any', someEvents(50));
        let read = 0;
        for await (const _ of log.readAll({ streamPrefixes: [prefix] })) {
          read++;
          if (read <= 50) await appended(prefix, 'any', someEvents(1));
        }
        expect(read).toBe(50);
      });
    });

    describe('subscribe', () => {
      test('delivers what is there, says so, and then what comes', async () => {
        const prefix = unique();
        const past = someEvents(5);
        await appended(prefix, 'no-stream', past);
        const subscription = log.subscribe({ after: START, streamPrefixes: [prefix] });
        const caughtUp = await takeUntil(subscription, isCaughtUp);
        expect(idsOf(eventsOf(caughtUp))).toEqual(idsOf(past));

        const live = someEvents(3);
        await appended(prefix, 4, live.slice(0, 1));
        await appended(`${unique()}`, 'no-stream', someEvents(1));
        await appended(prefix, 5, live.slice(1));
        const items = await takeUntil(subscription, isEvent(live[2]!.id));
        expect(idsOf(eventsOf(items))).toEqual(idsOf(live));
        await subscription.close();
      });

      test('begins after the position given', async () => {
        const prefix = unique();
        const events = someEvents(4);
        const { position } = await appended(prefix, 'no-stream', events.slice(0, 2));
        await appended(prefix, 1, events.slice(2));
        const subscription = log.subscribe({ after: position, streamPrefixes: [prefix] });
        expect(idsOf(eventsOf(await takeUntil(subscription, isCaughtUp)))).toEqual(idsOf(events.slice(2)));
        await subscription.close();
      });

      test('loses and repeats nothing between what was there and what comes', async () => {
        const prefix = unique();
        await appended(prefix, 'no-stream', someEvents(200));
        const subscription = log.subscribe({ after: START, streamPrefixes: [prefix] });
        let revision = 199;
        const appending = (async () => {
          while (revision < 400) revision = (await appended(prefix, revision, someEvents(3))).revision;
        })();
        const items = await takeUntil(
          subscription,
          (item) => item.kind === 'event' && item.event.revision >= 400,
        );
        await appending;
        const revisions = eventsOf(items).map((event) => event.revision);
        expect(revisions).toEqual(revisions.map((_, index) => index));
        await subscription.close();
      });

      test('goes on from the position of any item that was handed out', async () => {
        const word = unique();
        const after = await log.head();
        const wanted = someEvents(6);
        for (const event of wanted) {
          await appended(`${word}-wanted`, 'any', [event]);
          await appended(`${word}-other`, 'any', someEvents(400));
        }
        const whole = log.subscribe({ after, streamPrefixes: [`${word}-wanted`] });
        const items = await takeUntil(whole, isCaughtUp);
        await whole.close();
        let seen: string[] = [];
        for (const item of items) {
          if (item.kind === 'caught-up') continue;
          if (item.kind === 'event') seen = [...seen, item.event.id];
          const from = item.kind === 'event' ? item.event.position : item.position;
          const rest = log.subscribe({ after: from, streamPrefixes: [`${word}-wanted`] });
          const restIds = idsOf(eventsOf(await takeUntil(rest, isCaughtUp)));
          expect([...seen, ...restIds]).toEqual(idsOf(wanted));
          await rest.close();
        }
      });

      test('delivers every stream but system streams without prefixes', async () => {
        const word = unique();
        const after = await log.head();
        const last = someEvents(1);
        await appended(`${word}-1`, 'no-stream', someEvents(1));
        await appended(`$${word}`, 'no-stream', someEvents(1));
        await appended(`${word}-2`, 'no-stream', last);
        const subscription = log.subscribe({ after });
        const items = await takeUntil(subscription, isEvent(last[0]!.id));
        const streams = eventsOf(items).map((event) => event.stream);
        expect(streams.filter((stream) => stream.includes(word))).toEqual([`${word}-1`, `${word}-2`]);
        await subscription.close();
      });

      test('moves over what it filters out with checkpoints, which never overtake an event', async () => {
        const word = unique();
        const after = await log.head();
        const wanted: NewEvent[] = [];
        for (let round = 0; round < 10; round++) {
          const event = anEvent();
          wanted.push(event);
          await appended(`${word}-other`, 'any', someEvents(200));
          await appended(`${word}-wanted`, 'any', [event]);
          await appended(`${word}-other`, 'any', someEvents(200));
        }
        const subscription = log.subscribe({ after, streamPrefixes: [`${word}-wanted`] });
        const items = await takeUntil(subscription, isCaughtUp);
        const positions = items.flatMap((item) =>
          item.kind === 'event' ? [item.event.position] : item.kind === 'checkpoint' ? [item.position] : [],
        );
        const inOrder = positions.every((position, index) => index === 0 || position > positions[index - 1]!);
        expect(inOrder).toBe(true);
        expect(idsOf(eventsOf(items))).toEqual(idsOf(wanted));
        expect(items.filter((item) => item.kind === 'checkpoint').length).toBeGreaterThan(5);
        await subscription.close();
      });

      test('gives a slow consumer everything, in order', async () => {
        const prefix = unique();
        const count = 3_000;
        for (let index = 0; index < count; index += 500) await appended(prefix, 'any', someEvents(500));
        const subscription = log.subscribe({ after: START, streamPrefixes: [prefix] });
        const revisions: number[] = [];
        for await (const item of subscription) {
          if (item.kind === 'event') revisions.push(item.event.revision);
          // Other work between any two items: the source has to wait.
          if (revisions.length % 100 === 0) await log.head();
          if (revisions.length === count) break;
        }
        expect(revisions).toEqual(Array.from({ length: count }, (_, index) => index));
        await subscription.close();
      });

      test('ends when it is closed, also while somebody waits for the next item', async () => {
        const subscription = log.subscribe({ after: await log.head(), streamPrefixes: [unique()] });
        await takeUntil(subscription, isCaughtUp);
        const next = subscription[Symbol.asyncIterator]().next();
        await subscription.close();
        expect(await next).toEqual({ done: true, value: undefined });
        expect(await subscription[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
        await subscription.close();
      });

      test('serves several subscriptions at their own pace', async () => {
        const prefix = unique();
        const events = someEvents(100);
        await appended(prefix, 'no-stream', events);
        const subscriptions = [1, 2, 3].map(() => log.subscribe({ after: START, streamPrefixes: [prefix] }));
        const all = await Promise.all(subscriptions.map((each) => takeUntil(each, isCaughtUp)));
        for (const items of all) expect(idsOf(eventsOf(items))).toEqual(idsOf(events));
        await Promise.all(subscriptions.map((each) => each.close()));
      });

      test('is over when its consumer leaves it', async () => {
        const prefix = unique();
        await appended(prefix, 'no-stream', someEvents(3));
        const subscription = log.subscribe({ after: START, streamPrefixes: [prefix] });
        for await (const _ of subscription) break;
        expect(await subscription[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
      });
    });

    describe('close', () => {
      test('ends subscriptions, breaks off reads, and refuses what comes afterwards', async () => {
        const { log: own, close } = await makeLog();
        const prefix = unique();
        await own.append(prefix, 'any', someEvents(500));
        const subscription = own.subscribe({ after: START, streamPrefixes: [prefix] });
        await takeUntil(subscription, isCaughtUp);
        const waiting = subscription[Symbol.asyncIterator]().next();
        const neverRead = own.subscribe({ after: START });
        const reads = [own.readStream(prefix), own.readAll({ streamPrefixes: [prefix] })].map((read) =>
          read[Symbol.asyncIterator](),
        );
        for (const read of reads) await read.next();

        await own.close();
        expect(await waiting).toEqual({ done: true, value: undefined });
        expect(await neverRead[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
        for (const read of reads) await expect(read.next()).rejects.toThrow(EventLogUnavailable);
        for (const attempt of [
          async () => own.append(prefix, 'any', someEvents(1)),
          async () => collect(own.readStream(prefix)),
          async () => collect(own.readAll()),
          async () => own.head(),
          async () => own.subscribe({ after: START }),
        ]) {
          await expect(attempt()).rejects.toThrow(EventLogUnavailable);
        }
        await own.close();
        await close();
      });

      test('lets the appends under way end', async () => {
        const { log: own, close } = await makeLog();
        const appends = Array.from({ length: 20 }, () => own.append(unique(), 'no-stream', someEvents(2)));
        await own.close();
        for (const append of appends) expect(await append).toMatchObject({ kind: 'appended' });
        await close();
      });
    });
  });
}
