/** What the node takes of everybody together: over it, the next one is refused, the others go on, and places come back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { frame, frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import type { EventNode } from '../../../infra/eventstore/embedded/node.ts';
import { writeGroupConfigs } from '../../../infra/eventstore/embedded/persistent-subscriptions/group-config.ts';
import { parseGroupRequest } from '../../../infra/eventstore/embedded/persistent-subscriptions/group-request.ts';
import { limits } from '../../../src/config/limits.ts';
import { GROUPS, nodeRequests } from '../../support/event-node-requests.ts';
import { appendEvent, appendHeader, batchMessage, type RawPeer, rawPeer } from './raw-peer.ts';
import { aNode, runtime } from './support.ts';

const { callsMax, callsPerConnectionMax, connectionsMax, groupsMax } = limits.eventNode;
const { ok, alreadyExists, notFound, resourceExhausted } = grpcStatus;
let node: EventNode;
let other: RawPeer;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  const started = await aNode();
  node = started.node;
  other = rawPeer(node.port);
  cleanups.push(started.close, () => other.close());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Another client's append, on a connection that it has had all along. */
const append = async () => {
  const body = Buffer.concat([frameOf(appendHeader(crypto.randomUUID())), frameOf(appendEvent())]);
  return (await other.ask('Append', body)).status;
};

/** Appends by a call that stays open. */
async function batchOn(call: ReturnType<RawPeer['call']>): Promise<void> {
  const answered = once(call, 'data');
  call.write(frameOf(batchMessage({ stream: 'goes-on' })));
  await answered;
}

/** A connection that says nothing. Resolves when it stands, for the node or in its queue. */
async function aSocket(): Promise<Socket> {
  const socket = connect(node.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('a connection over the bound is closed, the others go on, and one that ends makes room', async () => {
  expect(await append()).toBe(ok);
  const sockets: Socket[] = [];
  while (sockets.length < connectionsMax - 1) {
    const count = Math.min(100, connectionsMax - 1 - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: count }, aSocket))));
  }
  // Connections are taken in their order: this one comes after all of them.
  const refused = await aSocket();
  if (!refused.closed) await once(refused, 'close');
  expect(await append()).toBe(ok);
  expect(sockets.filter((socket) => socket.readyState !== 'open')).toEqual([]);

  // The node has ended its side, too, when this one is closed.
  const [leaving] = sockets;
  leaving!.end();
  await once(leaving!, 'close');
  const late = rawPeer(node.port);
  cleanups.push(() => late.close());
  const body = Buffer.concat([frameOf(appendHeader('late')), frameOf(appendEvent())]);
  expect((await late.ask('Append', body)).status).toBe(ok);
});

test('a call over the bound is refused, the open ones go on, and one that ends makes room', async () => {
  const calls: ReturnType<RawPeer['call']>[] = [];
  while (calls.length < callsMax) {
    const peer = rawPeer(node.port);
    cleanups.push(() => peer.close());
    const count = Math.min(callsPerConnectionMax, callsMax - calls.length);
    for (let opened = 0; opened < count; opened++) calls.push(peer.call('BatchAppend'));
    // Calls begin in their order: the last one is answered when the node has them all.
    await batchOn(calls.at(-1)!);
  }
  expect(await append()).toBe(resourceExhausted);

  for (const call of [calls[0]!, calls.at(-1)!]) await batchOn(call);

  const [leaving] = calls;
  const ended = once(leaving!, 'end');
  leaving!.end();
  await ended;
  expect(await append()).toBe(ok);
});

test('a group over the bound is refused, the others are there, and one that is deleted makes room', async () => {
  const [create] = nodeRequests.get(`${GROUPS}/Create`)!;
  const [remove] = nodeRequests.get(`${GROUPS}/Delete`)!;
  const { name, settings, filter } = parseGroupRequest(
    persistent.CreateReq.deserializeBinary(create!).getOptions(),
  );
  // The last of them is the one that the requests name.
  const names = Array.from({ length: groupsMax }, (_, at) => (at === groupsMax - 1 ? name.group : `g-${at}`));
  const configs = names.map((group) => ({ name: { ...name, group }, settings, filter, firstIndex: 0 }));
  await writeGroupConfigs(node.store, runtime, configs);
  const ask = async (method: string, request: Uint8Array) => other.ask(`${GROUPS}/${method}`, frame(request));
  const another = persistent.CreateReq.deserializeBinary(create!);
  another.getOptions()!.setGroupName('one-more');

  const refused = await ask('Create', another.serializeBinary());
  expect(refused.status).toBe(resourceExhausted);
  expect(refused.trailers['exception']).toBe('persistent-subscription-failed');
  expect((await ask('Create', create!)).status).toBe(alreadyExists);

  expect((await ask('Delete', remove!)).status).toBe(ok);
  expect((await ask('Delete', remove!)).status).toBe(notFound);
  expect((await ask('Create', another.serializeBinary())).status).toBe(ok);
  expect((await ask('Create', create!)).status).toBe(resourceExhausted);
});
