/** Making, changing, deleting and describing groups, with the published client. */
import {
  DISPATCH_TO_SINGLE,
  jsonEvent,
  PersistentSubscriptionDoesNotExistError,
  PersistentSubscriptionDroppedError,
  PersistentSubscriptionExistsError,
  PersistentSubscriptionFailedError,
  PersistentSubscriptionMaximumSubscribersReachedError,
  PINNED,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
  StreamNotFoundError,
  UNBOUNDED,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { aGroupOn, connected, eventually, idOf, idsOf } from './persistent-subscriptions-support.ts';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const info = (stream: string) => client().getPersistentSubscriptionToStreamInfo(stream, 'group');
const settings = persistentSubscriptionToStreamSettingsFromDefaults;

describe('making a group', () => {
  test('that is there already is refused, and changes nothing', async () => {
    const stream = aStream();
    await aGroupOn(client(), stream);
    const again = aGroupOn(client(), stream, { maxRetryCount: 77 });
    await expect(again).rejects.toThrow(PersistentSubscriptionExistsError);
    await expect(again).rejects.toMatchObject({ streamName: stream, groupName: 'group' });
    expect((await info(stream)).settings.maxRetryCount).toBe(10);
  });

  test('is done once when it is asked for twice at the same time', async () => {
    const stream = aStream();
    const outcomes = await Promise.allSettled([aGroupOn(client(), stream), aGroupOn(client(), stream)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test.each([
    ['a batch as large as the buffer', { readBatchSize: 500, historyBufferSize: 500 }],
    ['a negative count', { maxRetryCount: -1 }],
  ])('with %s fails, and says why', async (_, changes) => {
    const failure = aGroupOn(client(), aStream(), changes);
    await expect(failure).rejects.toThrow(PersistentSubscriptionFailedError);
    await expect(failure).rejects.toMatchObject({ reason: expect.stringMatching(/\w+ \w+/) });
  });

  test('names a stream and a group that are not ASCII', async () => {
    const stream = aStream('群');
    await client().createPersistentSubscriptionToStream(stream, '红包', settings({ startFrom: START }));
    const again = client().createPersistentSubscriptionToStream(stream, '红包', settings());
    await expect(again).rejects.toMatchObject({ groupName: encodeURIComponent('红包') });
    await client().appendToStream(stream, someEvents(1));
    const described = await client().getPersistentSubscriptionToStreamInfo(stream, '红包');
    expect(described).toMatchObject({ eventSource: stream, groupName: '红包' });
  });
});

describe('a group that is not there', () => {
  test.each([
    ['connecting', (stream: string) => connected(client(), stream)],
    [
      'updating',
      (stream: string) => client().updatePersistentSubscriptionToStream(stream, 'group', settings()),
    ],
    ['deleting', (stream: string) => client().deletePersistentSubscriptionToStream(stream, 'group')],
    ['describing', info],
    ['replaying', (stream: string) => client().replayParkedMessagesToStream(stream, 'group')],
    ['listing', (stream: string) => client().listPersistentSubscriptionsToStream(stream)],
  ])('is said to be so: %s', async (_, ask) => {
    const stream = aStream();
    const failure = ask(stream);
    await expect(failure).rejects.toThrow(PersistentSubscriptionDoesNotExistError);
    await expect(failure).rejects.toMatchObject({ streamName: stream });
  });
});

describe('deleting a group', () => {
  test('drops its clients', async () => {
    const stream = aStream();
    await aGroupOn(client(), stream);
    const consumers = [await connected(client(), stream), await connected(client(), stream)];
    await client().deletePersistentSubscriptionToStream(stream, 'group');
    for (const { ended } of consumers) {
      expect(await ended).toBeInstanceOf(PersistentSubscriptionDroppedError);
      expect(await ended).toMatchObject({ streamName: stream, groupName: 'group' });
    }
    await expect(connected(client(), stream)).rejects.toThrow(PersistentSubscriptionDoesNotExistError);
  });

  test('forgets how far it was, and what was parked', async () => {
    const stream = aStream();
    const events = someEvents(3);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    const [first, second] = await one.take(2);
    await one.nack('park', first!);
    await one.ack(second!);
    await eventually(
      () => info(stream),
      ({ stats }) => stats.parkedMessageCount === 1n,
    );
    await client().deletePersistentSubscriptionToStream(stream, 'group');
    for (const kept of ['checkpoint', 'parked']) {
      const reading = take(client().readStream(`$persistentsubscription-${stream}::group-${kept}`));
      await expect(reading).rejects.toThrow(StreamNotFoundError);
    }
    await aGroupOn(client(), stream);
    const described = await info(stream);
    expect(described.stats.parkedMessageCount).toBe(0n);
    expect(described.stats.lastCheckpointedEventRevision).toBeUndefined();
    const again = await (await connected(client(), stream)).take(3);
    expect(idsOf(again)).toEqual(events.map(({ id }) => id));
    expect(again.map(({ retryCount }) => retryCount)).toEqual([0, 0, 0]);
  });
});

test('a group is not made with what a deletion left behind that was cut short', async () => {
  const stream = aStream();
  const events = someEvents(3);
  await client().appendToStream(stream, events);
  const checkpoint = jsonEvent({ type: '$SubscriptionCheckpoint', data: '1' as never });
  await client().appendToStream(`$persistentsubscription-${stream}::group-checkpoint`, checkpoint);
  await aGroupOn(client(), stream);
  expect(idOf(await (await connected(client(), stream)).next())).toBe(events[0]?.id);
});

describe('updating a group', () => {
  test('drops its clients, and goes on after what they acknowledged', async () => {
    const stream = aStream();
    const events = someEvents(4);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 2);
    await one.ack(...(await one.take(2)));
    await one.take(2);
    await client().updatePersistentSubscriptionToStream(
      stream,
      'group',
      settings({ startFrom: START, maxRetryCount: 3, consumerStrategyName: PINNED }),
    );
    expect(await one.ended).toBeInstanceOf(PersistentSubscriptionDroppedError);
    expect((await info(stream)).settings).toMatchObject({ maxRetryCount: 3, consumerStrategyName: PINNED });
    const other = await connected(client(), stream);
    expect(idsOf(await other.take(2))).toEqual(events.slice(2).map(({ id }) => id));
  });

  test('to what cannot be changes nothing', async () => {
    const stream = aStream();
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream);
    const update = client().updatePersistentSubscriptionToStream(
      stream,
      'group',
      settings({ readBatchSize: 500 }),
    );
    await expect(update).rejects.toThrow(PersistentSubscriptionFailedError);
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    expect(idOf(await one.next())).toBe(events[0]?.id);
  });
});

describe('the number of clients', () => {
  test('is bounded as the group says', async () => {
    const stream = aStream();
    await aGroupOn(client(), stream, { maxSubscriberCount: 2 });
    const one = await connected(client(), stream);
    await connected(client(), stream);
    const third = connected(client(), stream);
    await expect(third).rejects.toThrow(PersistentSubscriptionMaximumSubscribersReachedError);
    await expect(third).rejects.toMatchObject({ streamName: stream, groupName: 'group' });
    await one.leave();
    await eventually(
      () => info(stream),
      ({ connections }) => connections.length === 1,
    );
    await connected(client(), stream);
  });
});

describe('describing a group', () => {
  test('tells its settings as they were given', async () => {
    const stream = aStream();
    const given = settings({
      startFrom: 7n,
      resolveLinkTos: true,
      extraStatistics: true,
      messageTimeout: 1_234,
      maxRetryCount: 5,
      checkPointAfter: 999,
      checkPointLowerBound: 3,
      checkPointUpperBound: 30,
      maxSubscriberCount: 8,
      liveBufferSize: 40,
      readBatchSize: 4,
      historyBufferSize: 41,
      consumerStrategyName: DISPATCH_TO_SINGLE,
    });
    await client().createPersistentSubscriptionToStream(stream, 'group', given);
    const { settings: told, ...rest } = await info(stream);
    expect(told).toEqual(given);
    expect(rest).toMatchObject({ eventSource: stream, groupName: 'group', status: 'Live', connections: [] });
    const defaults = aStream();
    await client().createPersistentSubscriptionToStream(defaults, 'group', settings());
    expect((await info(defaults)).settings).toEqual(settings());
    expect((await info(defaults)).settings.maxSubscriberCount).toBe(UNBOUNDED);
  });

  test('tells its figures', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(10));
    await aGroupOn(client(), stream, { extraStatistics: true, checkPointLowerBound: 1 });
    expect(await info(stream)).toMatchObject({ status: 'Behind' });
    const one = await connected(client(), stream, 4);
    await one.ack(...(await one.take(3)));
    const described = await eventually(
      () => info(stream),
      ({ stats }) => stats.lastCheckpointedEventRevision === 2n,
    );
    expect(described.status).toBe('Live');
    expect(described.stats).toMatchObject({
      lastKnownEventRevision: 9n,
      totalItems: 7n,
      totalInFlightMessages: 4,
      outstandingMessagesCount: 4,
      retryBufferCount: 0,
      parkedMessageCount: 0n,
    });
    const [connection] = described.connections;
    expect(connection).toMatchObject({ totalItems: 7n, inFlightMessages: 4, availableSlots: 0 });
    expect([...(connection?.extraStatistics?.keys() ?? [])]).toEqual(
      expect.arrayContaining(['mean', 'median', 'fastest', 'quintile 1', '90%', '99.9%', 'highest']),
    );
  });

  test('lists groups by stream, and all of them', async () => {
    const [stream, other] = [aStream(), aStream()];
    await aGroupOn(client(), stream);
    await client().createPersistentSubscriptionToStream(stream, 'second', settings());
    await aGroupOn(client(), other);
    const ofStream = await client().listPersistentSubscriptionsToStream(stream);
    expect(ofStream.map(({ groupName }) => groupName)).toEqual(['group', 'second']);
    const all = await client().listAllPersistentSubscriptions();
    const names = all.map(({ eventSource, groupName }) => `${eventSource}/${groupName}`);
    expect(names).toEqual(expect.arrayContaining([`${stream}/group`, `${stream}/second`, `${other}/group`]));
  });
});

describe('restarting the subsystem', () => {
  test('drops all clients, and forgets nothing', async () => {
    const stream = aStream();
    const events = someEvents(3);
    await client().appendToStream(stream, events);
    await aGroupOn(client(), stream);
    const one = await connected(client(), stream, 1);
    await one.ack(await one.next());
    await one.next();
    await client().restartPersistentSubscriptionSubsystem();
    expect(await one.ended).toBeInstanceOf(PersistentSubscriptionDroppedError);
    const again = await connected(client(), stream);
    expect(idsOf(await again.take(2))).toEqual(events.slice(1).map(({ id }) => id));
  });
});
