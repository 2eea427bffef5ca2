/** `PersistentSubscriptions` on the whole log, with and without filters, with the published client. */
import {
  END,
  type EventStoreDBClient,
  eventTypeFilter,
  type PersistentSubscriptionToAllSettings,
  persistentSubscriptionToAllSettingsFromDefaults,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { type Consumer, consumer, eventually, idOf, idsOf } from './persistent-subscriptions-support.ts';
import { aStream, conformanceClient, someEvents } from './support.ts';

const client = conformanceClient();
const connected = (group: string, bufferSize = 10): Promise<Consumer> =>
  consumer(client().subscribeToPersistentSubscriptionToAll(group, { bufferSize }));
const info = (group: string) => client().getPersistentSubscriptionToAllInfo(group);
const aGroup = (
  group: string,
  changes: Partial<PersistentSubscriptionToAllSettings>,
  options: Parameters<EventStoreDBClient['createPersistentSubscriptionToAll']>[2] = {},
) =>
  client().createPersistentSubscriptionToAll(
    group,
    persistentSubscriptionToAllSettingsFromDefaults(changes),
    options,
  );

describe('a group on the log', () => {
  test('gets the events of all streams in order, from its end on', async () => {
    const group = aStream('group');
    await aGroup(group, { startFrom: END });
    const one = await connected(group, 50);
    const events = someEvents(4);
    for (const event of events) await client().appendToStream(aStream(), event);
    expect(idsOf(await one.take(4))).toEqual(events.map(({ id }) => id));
  });

  test('begins with the event at a position', async () => {
    const events = someEvents(2);
    await client().appendToStream(aStream(), someEvents(1));
    const { position } = await client().appendToStream(aStream(), events[0]!);
    await client().appendToStream(aStream(), events[1]!);
    const group = aStream('group');
    await aGroup(group, { startFrom: position! });
    expect(idsOf(await (await connected(group)).take(2))).toEqual(events.map(({ id }) => id));
    expect((await info(group)).settings.startFrom).toEqual(position);
  });

  test('cannot begin behind the end', async () => {
    const failure = aGroup(aStream('group'), { startFrom: { commit: 1_000_000n, prepare: 1_000_000n } });
    await expect(failure).rejects.toMatchObject({
      type: 'persistent-subscription-failed',
      streamName: '$all',
    });
  });

  test('comes to rest: what groups on the log keep for themselves is not delivered to them', async () => {
    const [group, other] = [aStream('group'), aStream('group')];
    // A checkpoint after every event: a group that got its own checkpoints would go on for ever.
    const busy = {
      startFrom: END,
      checkPointLowerBound: 1,
      checkPointUpperBound: 1,
      maxRetryCount: 0,
    } as const;
    await aGroup(group, busy);
    await aGroup(other, busy);
    const consumers = [await connected(group), await connected(other)];
    const events = someEvents(2);
    await client().appendToStream(aStream(), events);
    for (const one of consumers) {
      const [first, second] = await one.take(2);
      await one.ack(first!);
      await one.nack('park', second!);
    }
    for (const name of [group, other]) {
      const { stats } = await eventually(
        () => info(name),
        (each) => each.stats.parkedMessageCount === 1n && each.stats.totalInFlightMessages === 0,
      );
      expect(stats.totalItems).toBe(2n);
    }
    const { position } = await client().appendToStream(aStream(), someEvents(1));
    for (const one of consumers) {
      const third = await one.next();
      expect(third.event?.position).toEqual(position);
      await one.ack(third);
    }
  });

  test('is parked and replayed as a group on a stream is', async () => {
    const group = aStream('group');
    await aGroup(group, { startFrom: END });
    const one = await connected(group);
    const events = someEvents(1);
    await client().appendToStream(aStream(), events);
    await one.nack('park', await one.next());
    await eventually(
      () => info(group),
      ({ stats }) => stats.parkedMessageCount === 1n,
    );
    await client().replayParkedMessagesToAll(group);
    const replayed = await one.next();
    expect(idOf(replayed)).toBe(events[0]?.id);
    expect(replayed.link?.streamId).toBe(`$persistentsubscription-$all::${group}-parked`);
  });

  test('tells its positions', async () => {
    const group = aStream('group');
    await aGroup(group, { startFrom: END, checkPointLowerBound: 1 });
    const one = await connected(group);
    const { position } = await client().appendToStream(aStream(), someEvents(1));
    await one.ack(await one.next());
    const { stats, settings } = await eventually(
      () => info(group),
      (each) => each.stats.lastCheckpointedEventPosition !== undefined,
    );
    expect(stats.lastCheckpointedEventPosition).toEqual(position);
    expect(settings.startFrom).toBe(END);
    const fromStart = aStream('group');
    await aGroup(fromStart, { startFrom: START });
    expect((await info(fromStart)).settings.startFrom).toBe(START);
  });

  test('is made, changed, listed and deleted apart from groups on streams', async () => {
    const group = aStream('group');
    await aGroup(group, {});
    await expect(aGroup(group, {})).rejects.toMatchObject({ type: 'persistent-subscription-exists' });
    const listed = await client().listPersistentSubscriptionsToAll();
    expect(listed.map(({ groupName }) => groupName)).toContain(group);
    const one = await connected(group);
    await client().updatePersistentSubscriptionToAll(
      group,
      persistentSubscriptionToAllSettingsFromDefaults({ maxRetryCount: 3 }),
    );
    expect(await one.ended).toMatchObject({ type: 'persistent-subscription-dropped', streamName: '$all' });
    expect((await info(group)).settings.maxRetryCount).toBe(3);
    const other = await connected(group);
    await client().deletePersistentSubscriptionToAll(group);
    expect(await other.ended).toMatchObject({ type: 'persistent-subscription-dropped', groupName: group });
    await expect(info(group)).rejects.toMatchObject({ type: 'persistent-subscription-does-not-exist' });
  });
});

describe('a group on the log with a filter', () => {
  const word = aStream('Wanted');
  test.each([
    ['stream names by prefix', streamNameFilter({ prefixes: [`${word}-a`, `${word}-b`] })],
    ['stream names by expression', streamNameFilter({ regex: `^${word}-[ab]` })],
    ['event types by prefix', eventTypeFilter({ prefixes: [`${word}Type`] })],
    ['event types by expression', eventTypeFilter({ regex: `^${word}T.pe$` })],
  ])('gets what it wants alone: %s', async (_, filter) => {
    const group = aStream('group');
    await aGroup(group, { startFrom: END }, { filter });
    const one = await connected(group);
    const events = someEvents(2, `${word}Type`);
    await client().appendToStream(aStream('other'), someEvents(3));
    await client().appendToStream(aStream(`${word}-a`), events[0]!);
    await client().appendToStream(aStream('other'), someEvents(3));
    await client().appendToStream(aStream(`${word}-b`), events[1]!);
    expect(idsOf(await one.take(2))).toEqual(events.map(({ id }) => id));
  });

  test('gets ahead over what it does not want, and says so', async () => {
    const group = aStream('group');
    const filter = streamNameFilter({ prefixes: ['nothing-like-it'] });
    await aGroup(group, { startFrom: END, checkPointUpperBound: 10 }, { filter });
    await connected(group);
    const { position } = await client().appendToStream(aStream(), someEvents(50));
    const { stats } = await eventually(
      () => info(group),
      (each) => (each.stats.lastCheckpointedEventPosition?.commit ?? 0n) > position!.commit - 10n,
    );
    expect(stats.totalItems).toBe(0n);
  });

  test('with an expression that is none is not made', async () => {
    const group = aStream('group');
    const failure = aGroup(group, {}, { filter: streamNameFilter({ regex: '(' }) });
    await expect(failure).rejects.toMatchObject({ code: 3 });
    await expect(info(group)).rejects.toMatchObject({ type: 'persistent-subscription-does-not-exist' });
  });

  test('keeps its filter when it is changed', async () => {
    const group = aStream('group');
    await aGroup(group, { startFrom: END }, { filter: streamNameFilter({ prefixes: ['kept-'] }) });
    await client().updatePersistentSubscriptionToAll(
      group,
      persistentSubscriptionToAllSettingsFromDefaults({ startFrom: END }),
    );
    const one = await connected(group);
    await client().appendToStream(aStream('dropped'), someEvents(1));
    const events = someEvents(1);
    await client().appendToStream('kept-1', events);
    expect(idOf(await one.next())).toBe(events[0]?.id);
  });
});
