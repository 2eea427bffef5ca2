/** Connections that are misused: silent, slow, resetting, loud. Time stands still here unless a test moves it. */
import { once } from 'node:events';
import type { Http2Session } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { type EventNode, startEventNode } from '../../../infra/eventstore/embedded/node.ts';
import { limits } from '../../../src/config/limits.ts';
import { virtualRuntime, type VirtualRuntime } from '../../support/virtual-runtime.ts';
import {
  appendEvent,
  appendHeader,
  batchMessage,
  endingOf,
  type RawPeer,
  rawPeer,
  readAll,
  readStream,
} from './raw-peer.ts';
import { quiet, temporaryFolder } from './support.ts';

const { pingMs, messageMs, unfinishedAppendMs } = limits.eventNode;
let runtime: VirtualRuntime;
let node: EventNode;
let other: RawPeer;
let removeFolder: () => void;
const cleanups: (() => void)[] = [];

beforeEach(async () => {
  const folder = temporaryFolder();
  runtime = virtualRuntime();
  node = await startEventNode({
    dataDir: folder.path,
    host: '127.0.0.1',
    port: 0,
    logger: quiet,
    runtime,
  });
  other = rawPeer(node.port);
  removeFolder = folder.remove;
});
afterEach(async () => {
  const closed = node.close();
  other.close();
  for (const cleanup of cleanups.splice(0)) cleanup();
  // The server waits for the virtual clock; behind that the store waits for the disk, which has no timer.
  await runtime.settle(closed).catch(() => closed);
  removeFolder();
});

function aPeer(): RawPeer {
  const peer = rawPeer(node.port);
  cleanups.push(() => peer.close());
  return peer;
}

/** Another connection's append and read. */
async function expectServed(): Promise<void> {
  const stream = `served-${crypto.randomUUID()}`;
  const body = Buffer.concat([frameOf(appendHeader(stream)), frameOf(appendEvent())]);
  expect((await other.ask('Append', body)).status).toBe(grpcStatus.ok);
  const { status, messages } = await other.ask('Read', frameOf(readStream(stream)));
  expect([status, messages.length]).toEqual([grpcStatus.ok, 1]);
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = Buffer.from('000000040000000000', 'hex');

test.each([
  ['nothing', Buffer.alloc(0)],
  ['half a preface', PREFACE.subarray(0, 10)],
  ['a preface and nothing more', Buffer.concat([PREFACE, SETTINGS])],
  ['half a frame', Buffer.concat([PREFACE, SETTINGS, Buffer.from('0000ff0104000000', 'hex')])],
  [
    'headers without an end',
    Buffer.concat([PREFACE, SETTINGS, Buffer.from('000001010000000001', 'hex'), Buffer.from([0x83])]),
  ],
])('a peer that sends %s is dropped when it answers no ping', async (_, bytes) => {
  const socket: Socket = connectTcp(node.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  await expectServed();
  const closed = once(socket, 'close');
  await runtime.advance(pingMs);
  await expectServed();
  await runtime.advance(pingMs);
  await closed;
  await expectServed();
});

test('a peer that answers pings stays, for as long as it likes', async () => {
  const call = other.call('BatchAppend');
  const answered = once(call, 'data');
  for (let round = 0; round < 5; round++) {
    await runtime.advance(pingMs);
    await expectServed();
  }
  call.write(frameOf(batchMessage({ stream: 'patient' })));
  await answered;
  call.close();
});

test.each([
  ['Read', Buffer.alloc(0)],
  ['Delete', Buffer.from([0, 0])],
  ['Append', Buffer.from([0, 0, 0, 1, 0, 7])],
  ['BatchAppend', Buffer.from([0, 0, 0, 1, 0, 7])],
])('a %s whose message does not come to its end is ended', async (method, bytes) => {
  const call = aPeer().call(method);
  if (bytes.length > 0) call.write(bytes);
  const ending = endingOf(call);
  await expectServed();
  // The bytes came on another connection than the ones that were answered: a message more makes them sure.
  await sent(call.session);
  const drip = runtime.advance(messageMs / 2);
  await drip;
  if (method !== 'Read') call.write(Buffer.from([0]));
  await sent(call.session);
  await runtime.advance(messageMs / 2);
  expect((await ending).status).toBe(grpcStatus.deadlineExceeded);
  await expectServed();
});

/** Resolves when the node has seen all that was sent before: frames are taken in order. */
function sent(session: Http2Session | undefined): Promise<void> {
  return new Promise((resolve) => {
    session?.ping(() => setImmediate(() => setImmediate(resolve)));
  });
}

test.each([
  ['Append', () => Buffer.concat([frameOf(appendHeader('slow')), frameOf(appendEvent())])],
  ['BatchAppend', () => frameOf(batchMessage({ stream: 'slow', final: false }))],
])('an append by %s that is not finished is ended, and not written', async (method, body) => {
  const call = aPeer().call(method);
  call.write(body());
  const ending = endingOf(call);
  await sent(call.session);
  await runtime.advance(2 * unfinishedAppendMs);
  expect((await ending).status).toBe(grpcStatus.deadlineExceeded);
  const { messages } = await other.ask('Read', frameOf(readStream('slow')));
  expect(streams.ReadResp.deserializeBinary(messages[0]!).hasStreamNotFound()).toBe(true);
});

test('calls that are opened and reset by the thousand end their connection', async () => {
  const peer = aPeer();
  const closed = new Promise<void>((resolve) => peer.session.once('close', resolve));
  const before = process.memoryUsage().rss;
  for (let round = 0; !peer.session.destroyed && round < 100; round++) {
    const calls = Array.from({ length: 500 }, () => peer.call('Read'));
    for (const call of calls) call.close(CANCEL);
    await Promise.race([sent(peer.session), closed]);
  }
  await closed;
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  await expectServed();
});

const CANCEL = 8;

test('as many calls as a connection may have hold up nobody, and end with it', async () => {
  const peer = aPeer();
  const { callsPerConnectionMax } = limits.eventNode;
  for (let count = 0; count < callsPerConnectionMax; count++) peer.call('BatchAppend');
  await sent(peer.session);
  await expectServed();
  peer.close();
  await expectServed();
});

test.each([
  ['large', { 'x-large': 'x'.repeat(limits.eventNode.headerBytesMax) }, grpcStatus.resourceExhausted],
  [
    'many',
    Object.fromEntries(Array.from({ length: limits.eventNode.headersMax }, (_, at) => [`x-${at}`, 'y'])),
    'reset',
  ],
])('a call with %s headers is refused', async (_, headers, status) => {
  const peer = aPeer();
  expect((await peer.ask('Read', frameOf(readAll('1')), headers)).status).toBe(status);
  await expectServed();
});

test('subscribers that do not read hold up nobody', async () => {
  for (let round = 0; round < 20; round++) {
    const body = frameOf(batchMessage({ stream: 'heavy', eventBytes: [900_000] }));
    expect((await other.ask('BatchAppend', body)).status).toBe(grpcStatus.ok);
  }
  const subscribe = readAll('1');
  subscribe.getOptions()?.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
  subscribe.getOptions()?.setNoFilter(new shared.Empty());
  const peer = aPeer();
  const before = process.memoryUsage().rss;
  const lazy = Array.from({ length: 30 }, () => peer.call('Read'));
  for (const call of lazy) call.end(frameOf(subscribe));
  // 30 times 18 MB: an eager node would have all that in memory.
  await Promise.all(lazy.map((call) => once(call, 'response')));
  for (let round = 0; round < 20; round++) await expectServed();
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
});
