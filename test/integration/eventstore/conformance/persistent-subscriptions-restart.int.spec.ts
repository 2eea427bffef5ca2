/** Groups of a node that is killed and comes back: nothing is lost, and what was done is not done again. */
import {
  EventStoreDBClient,
  persistentSubscriptionToAllSettingsFromDefaults,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterEach, describe, expect, test } from 'vitest';
import { type NodeProcess, nodeProcess, temporaryFolder } from '../support.ts';
import {
  aGroupOn,
  connected,
  consumer,
  eventually,
  idOf,
  idsOf,
} from './persistent-subscriptions-support.ts';
import { someEvents, take } from './support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A node that can be killed and started again on what it stored. */
async function aMortalNode() {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  let node: NodeProcess | undefined;
  const start = async (): Promise<EventStoreDBClient> => {
    const started = await nodeProcess(folder.path);
    node = started;
    cleanups.push(() => (started.child.exitCode ?? started.child.signalCode) === null && started.kill());
    return EventStoreDBClient.connectionString(started.url);
  };
  return { start, kill: () => node?.kill(), stop: () => node?.stop() };
}

const info = (client: EventStoreDBClient) => client.getPersistentSubscriptionToStreamInfo('s', 'group');

describe.each(['kill', 'stop'] as const)('after %s', (end) => {
  test('a group is there as it was set up, and goes on after its checkpoint with nothing lost', async () => {
    const node = await aMortalNode();
    const before = await node.start();
    const events = someEvents(10);
    await before.appendToStream('s', events);
    await aGroupOn(before, 's', { checkPointLowerBound: 1, maxRetryCount: 7 });
    const one = await connected(before, 's', 4);
    const received = await one.take(4);
    // The second one is not acknowledged: the checkpoint must not pass it.
    await one.ack(received[0]!, received[2]!, received[3]!);
    await eventually(
      () => info(before),
      ({ stats }) => stats.lastCheckpointedEventRevision === 0n,
    );
    await node[end]();

    const after = await node.start();
    expect((await info(after)).settings).toMatchObject({ maxRetryCount: 7 });
    expect((await info(after)).stats.lastCheckpointedEventRevision).toBe(0n);
    const other = await connected(after, 's', 20);
    expect(idsOf(await other.take(9))).toEqual(events.slice(1).map(({ id }) => id));
  });
});

describe('after kill -9', () => {
  test('every event is delivered and acknowledged by someone, however often the node dies', async () => {
    const node = await aMortalNode();
    const events = someEvents(200);
    const acknowledged = new Set<string>();
    let client = await node.start();
    await client.appendToStream('s', events);
    await aGroupOn(client, 's', { checkPointLowerBound: 1, checkPointUpperBound: 5 });
    for (let round = 0; round < 3; round++) {
      const consumers = [await connected(client, 's', 7), await connected(client, 's', 7)];
      for (let turn = 0; turn < 25; turn++) {
        for (const one of consumers) {
          const event = await one.next();
          acknowledged.add(idOf(event));
          await one.ack(event);
        }
      }
      await node.kill();
      client = await node.start();
    }
    const last = await connected(client, 's', 50);
    while (acknowledged.size < events.length) {
      const event = await last.next();
      acknowledged.add(idOf(event));
      await last.ack(event);
    }
    expect([...acknowledged].toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    const { stats } = await info(client);
    expect(stats.totalItems, 'it went on from a checkpoint, and not from the start').toBeLessThan(200n);
  });

  test('what was parked is parked still, and what was being replayed too', async () => {
    const node = await aMortalNode();
    const before = await node.start();
    const events = someEvents(2);
    await before.appendToStream('s', events);
    await aGroupOn(before, 's');
    const one = await connected(before, 's');
    await one.nack('park', ...(await one.take(2)));
    await eventually(
      () => info(before),
      ({ stats }) => stats.parkedMessageCount === 2n,
    );
    await before.replayParkedMessagesToStream('s', 'group');
    // Delivered, and not acknowledged.
    await one.take(2);
    await node.kill();

    const after = await node.start();
    expect((await info(after)).stats.parkedMessageCount).toBe(2n);
    const other = await connected(after, 's', 1);
    // It has not come to a checkpoint: the source comes again, too.
    await other.ack(await other.next());
    await other.ack(await other.next());
    await after.replayParkedMessagesToStream('s', 'group');
    const replayed = [];
    for (let count = 0; count < 2; count++) {
      const event = await other.next();
      replayed.push(idOf(event));
      await other.ack(event);
    }
    expect(replayed).toEqual(events.map(({ id }) => id));
    await eventually(
      () => take(after.readStream('$persistentsubscription-s::group-parked')),
      (links) => links.length === 0,
    );
  });

  test('a group that starts from the end has what came since it was made', async () => {
    const node = await aMortalNode();
    const before = await node.start();
    await before.appendToStream('s', someEvents(3));
    await aGroupOn(before, 's', { startFrom: 'end' });
    const events = someEvents(2);
    await before.appendToStream('s', events);
    await node.kill();
    const after = await node.start();
    const one = await connected(after, 's');
    expect(idsOf(await one.take(2))).toEqual(events.map(({ id }) => id));
  });

  test('a group on the log has its filter still', async () => {
    const node = await aMortalNode();
    const before = await node.start();
    const filter = streamNameFilter({ prefixes: ['wanted-'] });
    const settings = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: 'start' });
    await before.createPersistentSubscriptionToAll('group', settings, { filter });
    await node.kill();
    const after = await node.start();
    const events = someEvents(1);
    await after.appendToStream('other-1', someEvents(2));
    await after.appendToStream('wanted-1', events);
    const one = await consumer(after.subscribeToPersistentSubscriptionToAll('group'));
    expect(idOf(await one.next())).toBe(events[0]?.id);
  });

  test('a group that was deleted is not there', async () => {
    const node = await aMortalNode();
    const before = await node.start();
    await aGroupOn(before, 's');
    await before.deletePersistentSubscriptionToStream('s', 'group');
    await node.kill();
    const after = await node.start();
    await expect(info(after)).rejects.toMatchObject({ type: 'persistent-subscription-does-not-exist' });
    expect(await after.listAllPersistentSubscriptions()).toEqual([]);
  });
});
