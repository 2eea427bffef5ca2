/** `PersistentSubscriptions` on streams: connecting, answering, and what becomes of events, with the published client. */
import { END, START } from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { aGroupOn, connected, eventually, idOf, idsOf } from './persistent-subscriptions-support.ts';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const info = (stream: string) => client().getPersistentSubscriptionToStreamInfo(stream, 'group');
const parked = (stream: string) =>
  take(client().readStream(`$persistentsubscription-${stream}::group-parked`, { resolveLinkTos: true }));

describe('a client of a group', () => {
  test('gets the events of the stream in order, those before and those after it came', async () => {
    const stream = aStream();
    const events = someEvents(5);
    await client().appendToStream(stream, events.slice(0, 3));
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    const before = await one.take(3);
    await client().appendToStream(stream, events.slice(3));
    const received = [...before, ...(await one.take(2))];
    expect(idsOf(received)).toEqual(events.map(({ id }) => id));
    expect(received[0]).toMatchObject({
      retryCount: 0,
      event: { streamId: stream, revision: 0n, type: 'Happened', data: { index: 0 } },
    });
    expect(received[0]?.commitPosition).toBe(received[0]?.event?.position?.commit);
  });

  test('gets no more than its buffer holds until it acknowledges', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(10));
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 3);
    const first = await one.take(3);
    expect((await info(stream)).connections).toMatchObject([{ inFlightMessages: 3, availableSlots: 0 }]);
    expect(one.waiting).toEqual([]);
    await one.ack(...first);
    const second = await one.take(3);
    expect(second.map(({ event }) => event?.revision)).toEqual([3n, 4n, 5n]);
  });

  test.each([
    ['the start', START, 0n],
    ['a revision', 2n, 2n],
  ] as const)('begins with %s when its group does', async (_, startFrom, first) => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(4));
    await aGroupOn(client(), stream, { startFrom });
    expect((await (await connected(client(), stream)).next()).event?.revision).toBe(first);
  });

  test('begins with what came after its group was made when that starts from the end', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await aGroupOn(client(), stream, { startFrom: END });
    // Before any client is there: not lost either.
    const events = someEvents(2);
    await client().appendToStream(stream, events);
    const one = await connected(client(), stream);
    expect(idsOf(await one.take(2))).toEqual(events.map(({ id }) => id));
  });

  test('of a group on a stream that is not there gets its first event', async () => {
    const stream = aStream();
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    expect(idOf(await one.next())).toBe(events[0]?.id);
  });

  test('gets links with what they stand for when its group resolves them', async () => {
    const category = aStream('linked').replace('-', '');
    const events = someEvents(2);
    await client().appendToStream(`${category}-1`, events);
    await aGroupOn(client(), `$ce-${category}`, { resolveLinkTos: true });
    const one = await connected(client(), `$ce-${category}`, 1);
    const first = await one.next();
    expect(first).toMatchObject({
      event: { id: events[0]?.id, streamId: `${category}-1` },
      link: { type: '$>', streamId: `$ce-${category}`, revision: 0n },
    });
    // The link's id is what acknowledges it.
    await one.ack(first);
    expect(idOf(await one.next())).toBe(events[1]?.id);
  });

  test('that leaves gives its events to another one', async () => {
    const stream = aStream();
    const events = someEvents(3);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    const received = await one.take(3);
    await one.ack(received[1]!);
    await eventually(
      () => info(stream),
      ({ stats }) => stats.totalInFlightMessages === 2,
    );
    await one.leave();
    const other = await connected(client(), stream);
    const again = await other.take(2);
    expect(idsOf(again)).toEqual([events[0]?.id, events[2]?.id]);
    expect(again.map(({ retryCount }) => retryCount)).toEqual([1, 1]);
  });

  test('that never acknowledges holds up nobody else', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(20));
    await aGroupOn(client(), stream, { messageTimeout: 60_000 });
    await connected(client(), stream, 2);
    const busy = await connected(client(), stream, 2);
    for (let handled = 0; handled < 18; handled++) await busy.ack(await busy.next());
    const { stats } = await eventually(
      () => info(stream),
      (each) => each.stats.totalInFlightMessages === 2,
    );
    expect(stats.totalItems).toBe(20n);
  });
});

describe('an event that a client did not handle', () => {
  test.each(['retry', 'unknown'] as const)('comes again after a nack with %s, counted', async (action) => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 1);
    const first = await one.next();
    // The client has no word for "unknown", and sends that for a word it does not know.
    await one.nack(action as 'retry', first);
    expect(await one.next()).toMatchObject({ retryCount: 1, event: { id: idOf(first) } });
  });

  test('comes again when its time is over', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    await aGroupOn(client(), stream, { messageTimeout: 50 });
    const one = await connected(client(), stream);
    const first = await one.next();
    expect(await one.next()).toMatchObject({ retryCount: 1, event: { id: idOf(first) } });
  });

  test('does not come again when it is skipped', async () => {
    const stream = aStream();
    const events = someEvents(2);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 1);
    await one.nack('skip', await one.next());
    expect(idOf(await one.next())).toBe(events[1]?.id);
    expect(Number((await info(stream)).stats.parkedMessageCount)).toBe(0);
  });

  test('is parked as a link with the reason when the client says so', async () => {
    const stream = aStream();
    const events = someEvents(2);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 1);
    await one.nack('park', await one.next());
    expect(idOf(await one.next())).toBe(events[1]?.id);
    await eventually(
      () => info(stream),
      ({ stats }) => stats.parkedMessageCount === 1n,
    );
    const [link] = await parked(stream);
    expect(link?.event).toMatchObject({ id: events[0]?.id, streamId: stream });
    expect(link?.link).toMatchObject({ type: '$>', metadata: { reason: 'because of park' } });
  });

  test('is parked after as many repetitions as are set, by timeout', async () => {
    const stream = aStream();
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream, { messageTimeout: 30, maxRetryCount: 2 });
    const one = await connected(client(), stream);
    const deliveries = await one.take(3);
    expect(deliveries.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2]);
    await eventually(
      () => info(stream),
      ({ stats }) => stats.parkedMessageCount === 1n,
    );
    expect((await parked(stream)).map(({ event }) => event?.id)).toEqual([events[0]?.id]);
  });

  test('goes to another client when it is stopped at, which ends the client that could not go on', async () => {
    const stream = aStream();
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    await one.nack('stop', await one.next());
    expect(await one.ended).toMatchObject({ type: 'persistent-subscription-dropped' });
    const other = await connected(client(), stream);
    expect(await other.next()).toMatchObject({ retryCount: 1, event: { id: events[0]?.id } });
  });
});

describe('what is parked', () => {
  async function withParked(count: number, settings: Parameters<typeof aGroupOn>[2] = {}) {
    const stream = aStream();
    const events = someEvents(count);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream, settings);
    const one = await connected(client(), stream, count);
    await one.nack('park', ...(await one.take(count)));
    await eventually(
      () => info(stream),
      ({ stats }) => stats.parkedMessageCount === BigInt(count),
    );
    return { stream, one, ids: events.map(({ id }) => id) };
  }

  test('comes again when it is replayed, by a link, and is forgotten when it is acknowledged', async () => {
    const { stream, one, ids } = await withParked(3);
    await client().replayParkedMessagesToStream(stream, 'group');
    const replayed = await one.take(3);
    expect(idsOf(replayed)).toEqual(ids);
    expect(replayed[0]?.link).toMatchObject({ streamId: `$persistentsubscription-${stream}::group-parked` });
    expect((await info(stream)).stats.parkedMessageCount).toBe(0n);
    expect(await parked(stream), 'not forgotten before it is done').toHaveLength(3);
    await one.ack(...replayed);
    await eventually(
      () => parked(stream),
      (links) => links.length === 0,
    );
  });

  test('is forgotten bit by bit when it is much, up to the first that is not done', async () => {
    const { stream, one } = await withParked(3, { checkPointLowerBound: 1, checkPointUpperBound: 1 });
    await client().replayParkedMessagesToStream(stream, 'group');
    const [first, second, third] = await one.take(3);
    await one.ack(second!);
    await one.ack(first!);
    const left = await eventually(
      () => parked(stream),
      (links) => links.length < 3,
    );
    expect(idsOf(left as never)).toEqual([idOf(third!)]);
  });

  test('comes again up to, not including, a revision', async () => {
    const { stream, one, ids } = await withParked(3);
    await client().replayParkedMessagesToStream(stream, 'group', { stopAt: 2 });
    const replayed = await one.take(2);
    expect(idsOf(replayed)).toEqual(ids.slice(0, 2));
    await one.ack(...replayed);
    await eventually(
      () => parked(stream),
      (links) => links.length === 1,
    );
    expect((await info(stream)).stats.parkedMessageCount).toBe(1n);
    await client().replayParkedMessagesToStream(stream, 'group');
    expect(idsOf(await one.take(1))).toEqual(ids.slice(2));
  });

  test('may be parked again', async () => {
    const { stream, one } = await withParked(1);
    await client().replayParkedMessagesToStream(stream, 'group');
    await one.nack('park', await one.next());
    await eventually(
      () => info(stream),
      ({ stats }) => stats.parkedMessageCount === 1n && stats.totalInFlightMessages === 0,
    );
    await eventually(
      () => parked(stream),
      (links) => links.length === 1,
    );
  });

  test('cannot be replayed up to a negative revision, or of a group that is not there', async () => {
    const { stream } = await withParked(1);
    await expect(
      client().replayParkedMessagesToStream(stream, 'group', { stopAt: -1 }),
    ).rejects.toMatchObject({
      type: 'persistent-subscription-failed',
      groupName: 'group',
      streamName: stream,
    });
    await expect(client().replayParkedMessagesToStream(stream, 'other')).rejects.toMatchObject({
      type: 'persistent-subscription-does-not-exist',
    });
  });
});

describe('competing clients', () => {
  test('share the events, each of which one of them gets', async () => {
    const stream = aStream();
    const events = someEvents(40);
    await aGroupOn(client(), stream);
    const consumers = [
      await connected(client(), stream, 5),
      await connected(client(), stream, 5),
      await connected(client(), stream, 5),
    ];
    const received: string[] = [];
    const done = Promise.withResolvers<void>();
    for (const one of consumers) {
      void (async () => {
        for (;;) {
          const event = await one.next();
          received.push(idOf(event));
          await one.ack(event);
          if (received.length === events.length) done.resolve();
        }
      })();
    }
    await client().appendToStream(stream, events);
    await done.promise;
    for (const one of consumers) await one.leave();
    expect(received.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  });
});
