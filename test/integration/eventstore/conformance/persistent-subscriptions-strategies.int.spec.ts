/** How groups share events out among their clients. */
import { DISPATCH_TO_SINGLE, EventStoreDBClient, jsonEvent, ROUND_ROBIN } from '@eventstore/db-client';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { aNode } from '../support.ts';
import {
  aGroupOn,
  type Consumer,
  connected,
  type Delivered,
  eventually,
  type RawPeer,
  rawPeer,
} from './persistent-subscriptions-support.ts';
import { aStream, someEvents } from './support.ts';

let client: EventStoreDBClient;
let peer: RawPeer;
let closeNode: () => Promise<void>;
beforeAll(async () => {
  const { node, close } = await aNode();
  client = EventStoreDBClient.connectionString(node.url);
  peer = rawPeer(node.port);
  closeNode = close;
});
afterAll(async () => {
  peer.close();
  await closeNode();
});

test('RoundRobin gives each client every other event', async () => {
  const stream = aStream();
  await aGroupOn(client, stream, { consumerStrategyName: ROUND_ROBIN });
  const [one, other] = [await connected(client, stream), await connected(client, stream)];
  await client.appendToStream(stream, someEvents(6));
  const parities = async (consumer: Consumer) =>
    new Set((await consumer.take(3)).map(({ event }) => Number(event?.revision) % 2));
  expect((await parities(one)).size).toBe(1);
  expect((await parities(other)).size).toBe(1);
});

test('DispatchToSingle gives one client all it takes, and the rest to the next', async () => {
  const stream = aStream();
  await aGroupOn(client, stream, { consumerStrategyName: DISPATCH_TO_SINGLE });
  const [one, other] = [await connected(client, stream, 4), await connected(client, stream, 4)];
  await client.appendToStream(stream, someEvents(6));
  expect((await one.take(4)).map(({ event }) => event?.revision)).toEqual([0n, 1n, 2n, 3n]);
  expect((await other.take(2)).map(({ event }) => event?.revision)).toEqual([4n, 5n]);
});

/** The published client has no word for all strategies; the protocol names them. */
async function aGroupWith(stream: string, strategy: string): Promise<number> {
  const settings = new persistent.CreateReq.Settings()
    .setConsumerStrategy(strategy)
    .setResolveLinks(true)
    .setMaxRetryCount(10)
    .setMessageTimeoutMs(30_000)
    .setHistoryBufferSize(500)
    .setLiveBufferSize(500)
    .setReadBatchSize(20)
    .setMaxCheckpointCount(1_000);
  const target = new persistent.CreateReq.StreamOptions()
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
    .setStart(new shared.Empty());
  const options = new persistent.CreateReq.Options()
    .setStream(target)
    .setGroupName('group')
    .setSettings(settings);
  return peer.statusOf('Create', frameOf(new persistent.CreateReq().setOptions(options)));
}

test('a strategy that is not there makes no group', async () => {
  const stream = aStream();
  expect(await aGroupWith(stream, 'Lottery')).toBe(13);
  await expect(connected(client, stream)).rejects.toMatchObject({
    type: 'persistent-subscription-does-not-exist',
  });
});

test.each([
  ['Pinned', 'stream', ({ event }: Delivered) => event?.streamId],
  ['PinnedByCorrelation', 'correlation', ({ event }: Delivered) => JSON.stringify(event?.metadata)],
] as const)('%s keeps the events of one %s with one client', async (strategy, _, keyOf) => {
  const category = aStream('pinned').replace('-', '');
  expect(await aGroupWith(`$ce-${category}`, strategy)).toBe(0);
  const info = () => client.getPersistentSubscriptionToStreamInfo(`$ce-${category}`, 'group');
  expect((await info()).settings.consumerStrategyName).toBe(strategy);
  const consumers: Consumer[] = [];
  for (let at = 0; at < 3; at++) consumers.push(await connected(client, `$ce-${category}`, 100));
  const count = 60;
  for (let index = 0; index < count; index++) {
    const metadata = { $correlationId: `correlation-${index % 7}` };
    await client.appendToStream(`${category}-${index % 11}`, jsonEvent({ type: 'T', data: {}, metadata }));
  }
  const { connections } = await eventually(info, ({ stats }) => stats.totalInFlightMessages === count);
  const received = await Promise.all(
    consumers.map((consumer, at) => consumer.take(connections[at]?.inFlightMessages ?? 0)),
  );
  const holders = new Map<string | undefined, Set<number>>();
  received.forEach((events, holder) => {
    for (const event of events)
      holders.set(keyOf(event), (holders.get(keyOf(event)) ?? new Set()).add(holder));
  });
  expect(received.flat()).toHaveLength(count);
  for (const each of holders.values()) expect(each.size).toBe(1);
  expect(received.filter((events) => events.length > 0).length, 'it is shared out').toBe(3);
});
