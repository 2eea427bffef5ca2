/** Peers that break the protocol, send nonsense, or do not read. Each hurts its own call at most. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frame, frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { anEvent, collect, someEvents } from '../../support/event-log-contract.ts';
import { aLog, aNode } from './support.ts';

const STREAMS = '/event_store.client.streams.Streams';
let port: number;
let closeNode: () => Promise<void>;
let log: EventLog;
let session: ClientHttp2Session;

beforeAll(async () => {
  const started = await aNode();
  port = started.node.port;
  closeNode = started.close;
  log = aLog(started.node.url);
  session = connect(`http://127.0.0.1:${port}`);
});
afterAll(async () => {
  session.destroy();
  await log.close();
  await closeNode();
});

function call(method: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': method.startsWith('/') ? method : `${STREAMS}/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
}

/** Sends a body and resolves with the call's gRPC status. */
async function statusOf(method: string, body: Buffer): Promise<number> {
  const stream = call(method);
  const status = new Promise<number>((resolve) => {
    stream.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    });
    stream.on('trailers', (trailers) => resolve(Number(trailers['grpc-status'])));
  });
  stream.on('error', () => {});
  stream.resume();
  stream.end(body);
  return status;
}

async function expectAlive(): Promise<void> {
  const result = await log.append(`alive-${crypto.randomUUID()}`, 'no-stream', [anEvent()]);
  expect(result.kind).toBe('appended');
}

const header = (stream: string | Uint8Array): streams.AppendReq => {
  const name = typeof stream === 'string' ? Buffer.from(stream) : stream;
  const options = new streams.AppendReq.Options()
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(name))
    .setAny(new shared.Empty());
  return new streams.AppendReq().setOptions(options);
};
const proposal = (id: string, type: string, contentType = 'application/json'): streams.AppendReq => {
  const message = new streams.AppendReq.ProposedMessage().setId(new shared.UUID().setString(id));
  message.getMetadataMap().set('type', type).set('content-type', contentType);
  return new streams.AppendReq().setProposedMessage(message.setData(Buffer.from('{}')));
};
const uuid = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';

test.each([
  ['bytes that are no message', 'Read', frame(Buffer.from([0xff, 0xff, 0xff])), grpcStatus.invalidArgument],
  ['no message at all', 'Read', Buffer.alloc(0), grpcStatus.invalidArgument],
  ['an empty read request', 'Read', frame(Buffer.alloc(0)), grpcStatus.invalidArgument],
  ['an empty append', 'Append', Buffer.alloc(0), grpcStatus.invalidArgument],
  ['a message cut off', 'Append', frame(Buffer.alloc(100)).subarray(0, 50), grpcStatus.internal],
  ['a message of 4 GiB', 'Append', Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), grpcStatus.resourceExhausted],
  ['an unknown method', 'Frobnicate', frame(Buffer.alloc(0)), grpcStatus.unimplemented],
  ['an unknown service', '/a.b/C', frame(Buffer.alloc(0)), grpcStatus.unimplemented],
  ['an event before the header', 'Append', frameOf(proposal(uuid, 'T')), grpcStatus.invalidArgument],
  [
    'two headers',
    'Append',
    Buffer.concat([frameOf(header('s')), frameOf(header('s'))]),
    grpcStatus.invalidArgument,
  ],
  ['no stream name', 'Append', frameOf(header('')), grpcStatus.invalidArgument],
  ['an overlong stream name', 'Append', frameOf(header('x'.repeat(1_025))), grpcStatus.invalidArgument],
  [
    'a stream name that is not UTF-8',
    'Append',
    frameOf(header(Buffer.from([0xc3, 0x28]))),
    grpcStatus.invalidArgument,
  ],
  ['a bad event id', 'Append', appendOf(proposal('not-a-uuid', 'T')), grpcStatus.invalidArgument],
  ['no event type', 'Append', appendOf(proposal(uuid, '')), grpcStatus.invalidArgument],
  [
    'an unknown content type',
    'Append',
    appendOf(proposal(uuid, 'T', 'text/html')),
    grpcStatus.invalidArgument,
  ],
  [
    'a batch without a correlation id',
    'BatchAppend',
    frameOf(new streams.BatchAppendReq()),
    grpcStatus.invalidArgument,
  ],
  [
    'a filter whose regular expression is none',
    'Read',
    frameOf(filteredRead('(')),
    grpcStatus.invalidArgument,
  ],
])('%s ends that call with a status', async (_, method, body, status) => {
  expect(await statusOf(method, body)).toBe(status);
  await expectAlive();
});

function appendOf(event: streams.AppendReq): Buffer {
  return Buffer.concat([frameOf(header('hostile')), frameOf(event)]);
}

function filteredRead(regex: string): streams.ReadReq {
  const { Options } = streams.ReadReq;
  const filter = new Options.FilterOptions()
    .setStreamIdentifier(new Options.FilterOptions.Expression().setRegex(regex))
    .setMax(32)
    .setCheckpointintervalmultiplier(1);
  const options = new Options()
    .setAll(new Options.AllOptions().setStart(new shared.Empty()))
    .setFilter(filter);
  return new streams.ReadReq().setOptions(options.setCount('10'));
}

test('an append that the peer cuts off before its end is not written', async () => {
  const stream = call('Append');
  stream.on('error', () => {});
  stream.write(Buffer.concat([frameOf(header('cut-off')), frameOf(proposal(uuid, 'T'))]));
  await statusOf('Read', Buffer.alloc(0));
  // Not close(): that ends the body first, in order.
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy(new Error('gone'));
  await closed;
  await expectAlive();
  expect(await collect(log.readStream('cut-off'))).toEqual([]);
});

test('random bytes on the socket end that connection, not the node', async () => {
  for (let round = 0; round < 20; round++) {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(round % 2 === 0 ? randomBytes(500) : Buffer.concat([PREFACE, randomBytes(500)]));
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  await expectAlive();
});

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

test('a request that is not gRPC is refused as HTTP does', async () => {
  const stream = call('Read', { 'content-type': 'text/plain' });
  const [headers] = await once(stream, 'response');
  expect(headers[':status']).toBe(415);
  stream.close();
});

test('a subscriber that does not read costs the node next to nothing', async () => {
  const payload = 'x'.repeat(2_000);
  for (let round = 0; round < 40; round++) {
    const events = Array.from({ length: 400 }, () => anEvent({ payload }));
    await log.append(`heavy-${round}`, 'no-stream', events);
  }
  const subscribe = new streams.ReadReq().setOptions(
    new streams.ReadReq.Options()
      .setAll(new streams.ReadReq.Options.AllOptions().setStart(new shared.Empty()))
      .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
      .setNoFilter(new shared.Empty()),
  );
  const before = process.memoryUsage().arrayBuffers;
  const lazy = Array.from({ length: 20 }, () => {
    const stream = call('Read');
    stream.on('error', () => {});
    stream.end(frameOf(subscribe));
    return stream;
  });
  await Promise.all(lazy.map((stream) => once(stream, 'response')));
  // 20 subscribers of 35 MB each. An eager node would have taken it all in by the time these appends are answered.
  for (let round = 0; round < 50; round++) await log.append('afterwards', 'any', someEvents(1));
  const grownBytes = process.memoryUsage().arrayBuffers - before;
  expect(grownBytes).toBeLessThan(64 * 1024 * 1024);
  for (const stream of lazy) stream.destroy();
  await expectAlive();
});
