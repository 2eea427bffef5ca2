/** Peers of persistent subscriptions that send nonsense, do not read, or do what the published client never does. */
import { once } from 'node:events';
import { binaryEvent, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frame, frameOf, readFrames } from '../../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { aNode } from '../support.ts';
import { aGroupOn, connected, type RawPeer, rawPeer } from './persistent-subscriptions-support.ts';
import { aStream, someEvents } from './support.ts';

let client: EventStoreDBClient;
let peer: RawPeer;
let closeNode: () => Promise<void>;
beforeAll(async () => {
  const { node, close } = await aNode();
  client = EventStoreDBClient.connectionString(node.url);
  peer = rawPeer(node.port);
  closeNode = close;
  await aGroupOn(client, 'there');
});
afterAll(async () => {
  peer.close();
  await closeNode();
});

const identifier = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
const connect = (stream: string, bufferSize = 10) =>
  frameOf(
    new persistent.ReadReq().setOptions(
      new persistent.ReadReq.Options()
        .setStreamIdentifier(identifier(stream))
        .setGroupName('group')
        .setBufferSize(bufferSize),
    ),
  );
const ack = (id: shared.UUID) =>
  frameOf(new persistent.ReadReq().setAck(new persistent.ReadReq.Ack().setIdsList([id])));
const create = (stream: string, group: string) =>
  frameOf(
    new persistent.CreateReq().setOptions(
      new persistent.CreateReq.Options()
        .setStreamIdentifier(identifier(stream))
        .setGroupName(group)
        .setSettings(new persistent.CreateReq.Settings().setHistoryBufferSize(10)),
    ),
  );
const deletion = new persistent.DeleteReq.Options().setGroupName('group');

test.each([
  ['bytes that are no message', 'Create', frame(Buffer.from([0xff, 0xff])), grpcStatus.invalidArgument],
  ['no options', 'Create', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['no group name', 'Create', create('s', ''), grpcStatus.invalidArgument],
  ['an overlong group name', 'Create', create('s', 'g'.repeat(257)), grpcStatus.invalidArgument],
  ['no stream name', 'Create', create('', 'g'), grpcStatus.invalidArgument],
  ['the log as a stream', 'Create', create('$all', 'g'), grpcStatus.internal],
  ['an update without options', 'Update', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['a deletion without options', 'Delete', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  [
    'a deletion without a stream',
    'Delete',
    frameOf(new persistent.DeleteReq().setOptions(deletion)),
    grpcStatus.invalidArgument,
  ],
  ['information without options', 'GetInfo', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['a list of nothing', 'List', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['a replay without options', 'ReplayParked', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['a connection that says nothing', 'Read', Buffer.alloc(0), grpcStatus.invalidArgument],
  ['an acknowledgement first', 'Read', ack(new shared.UUID()), grpcStatus.invalidArgument],
  ['a buffer for no event', 'Read', connect('there', 0), grpcStatus.invalidArgument],
  ['a negative buffer', 'Read', connect('there', -1), grpcStatus.invalidArgument],
  ['options twice', 'Read', Buffer.concat([connect('there'), connect('there')]), grpcStatus.invalidArgument],
  [
    'an acknowledgement of no id',
    'Read',
    Buffer.concat([connect('there'), ack(new shared.UUID().setString('nonsense'))]),
    grpcStatus.invalidArgument,
  ],
  ['a group that is not there', 'Read', connect('nowhere'), grpcStatus.notFound],
])('%s is answered with an error', async (_, method, body, status) => {
  expect(await peer.statusOf(method, body)).toBe(status);
  await client.getPersistentSubscriptionToStreamInfo('there', 'group');
});

test('a group is found by its stream and its name, not by what both look like together', async () => {
  expect(await peer.statusOf('Create', create('a', 'b::group'))).toBe(grpcStatus.ok);
  expect(await peer.statusOf('Read', connect('a::b'))).toBe(grpcStatus.notFound);
  // Both would keep what is theirs in the same streams.
  expect(await peer.statusOf('Create', create('a::b', 'group'))).toBe(grpcStatus.alreadyExists);
});

test('a client that asks for ids as two numbers gets them, and acknowledges with them', async () => {
  const stream = aStream();
  const events = someEvents(2);
  await client.appendToStream(stream, events);
  await aGroupOn(client, stream);
  const call = peer.call('Read');
  call.write(connect(stream, 1));
  const messages = readFrames(call.iterator({ destroyOnReturn: false }), 1 << 20);
  const next = async () => {
    const { value } = await messages.next();
    return persistent.ReadResp.deserializeBinary(value as Buffer);
  };
  expect((await next()).getSubscriptionConfirmation()?.getSubscriptionId()).toBe(`${stream}::group`);
  const id = (await next()).getEvent()?.getEvent()?.getId();
  const structured = id?.getStructured();
  const hex = [structured!.getMostSignificantBits(), structured!.getLeastSignificantBits()]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  expect(hex).toBe(events[0]?.id?.replaceAll('-', ''));
  call.write(ack(id!));
  expect((await next()).getEvent()?.getEvent()?.getStreamRevision()).toBe('1');
  call.close();
});

test('a client that does not read loses its events to those that do', async () => {
  const stream = aStream();
  const count = 40;
  const text = 'x'.repeat(100_000);
  await aGroupOn(client, stream, { messageTimeout: 300, maxRetryCount: 1_000 });
  const call = peer.call('Read');
  call.write(connect(stream, count));
  await once(call, 'response');
  call.pause();
  const events = Array.from({ length: count }, () => jsonEvent({ type: 'Large', data: { text } }));
  for (const event of events) await client.appendToStream(stream, event);
  const one = await connected(client, stream, count);
  const received = new Set<string>();
  while (received.size < count) {
    const event = await one.next();
    received.add(event.event?.id ?? '');
    await one.ack(event);
  }
  expect([...received].toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  call.close();
});

test.each([
  ['of another version', jsonEvent({ type: 'x', data: { version: 9, groups: [] } })],
  ['with an entry that is none', jsonEvent({ type: 'x', data: { version: 1, groups: [{ stream: 's' }] } })],
  ['that is no JSON', binaryEvent({ type: 'x', data: Buffer.from('{') })],
])('a configuration %s is refused, and nothing else is', async (_, event) => {
  const { node, close } = await aNode();
  const other = EventStoreDBClient.connectionString(node.url);
  await other.appendToStream('$persistentSubscriptionConfig', event);
  await expect(other.listAllPersistentSubscriptions()).rejects.toMatchObject({ code: grpcStatus.dataLoss });
  await expect(aGroupOn(other, 's')).rejects.toMatchObject({ code: grpcStatus.dataLoss });
  await other.appendToStream('s', someEvents(1));
  await close();
});
