/** Requests that make no sense, or too much: each gets its status, and costs nobody else anything. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { limits } from '../../../src/config/limits.ts';
import {
  appendEvent,
  appendHeader,
  filteredRead,
  type RawPeer,
  rawPeer,
  readAll,
  readStream,
} from './raw-peer.ts';
import { aNode } from './support.ts';

let peer: RawPeer;
let other: RawPeer;
let closeNode: () => Promise<void>;

beforeAll(async () => {
  const started = await aNode();
  closeNode = started.close;
  peer = rawPeer(started.node.port);
  other = rawPeer(started.node.port);
});
afterAll(async () => {
  peer.close();
  other.close();
  await closeNode();
});

const append = (stream: string | Uint8Array, ...events: streams.AppendReq[]): Buffer =>
  Buffer.concat([frameOf(appendHeader(stream)), ...events.map(frameOf)]);

async function eventsIn(stream: string | Uint8Array): Promise<number> {
  const { messages } = await other.ask('Read', frameOf(readStream(stream)));
  return messages.filter((bytes) => streams.ReadResp.deserializeBinary(bytes).hasEvent()).length;
}

/** Another connection's append and read. */
async function expectServed(): Promise<void> {
  const stream = `served-${crypto.randomUUID()}`;
  expect((await other.ask('Append', append(stream, appendEvent()))).status).toBe(grpcStatus.ok);
  expect(await eventsIn(stream)).toBe(1);
}

const withOptions = (
  request: streams.ReadReq,
  change: (options: streams.ReadReq.Options) => unknown,
): streams.ReadReq => {
  change(request.getOptions()!);
  return request;
};
const fromRevision = (revision: string): streams.ReadReq =>
  withOptions(readStream('some'), (options) => options.getStream()?.setRevision(revision));
const fromPosition = (position: string): streams.ReadReq =>
  withOptions(readAll('1'), (options) =>
    options.setAll(
      new streams.ReadReq.Options.AllOptions().setPosition(
        new streams.ReadReq.Options.Position().setCommitPosition(position).setPreparePosition(position),
      ),
    ),
  );
const U64_MAX = '18446744073709551615';
const { ok, invalidArgument, resourceExhausted, unimplemented } = grpcStatus;

test.each([
  ['a regular expression that is none', filteredRead((filter) => filter.setRegex('(')), invalidArgument],
  ['one with a back reference', filteredRead((filter) => filter.setRegex('(a)\\1')), invalidArgument],
  [
    'one that is too large',
    filteredRead((filter) => filter.setRegex('(.{40}){40}'), 'type'),
    invalidArgument,
  ],
  [
    'thousands of prefixes',
    filteredRead((filter) => filter.setPrefixList(Array.from({ length: 5_000 }, (_, at) => `p${at}`))),
    invalidArgument,
  ],
  [
    'a hundred thousand empty prefixes',
    filteredRead((filter) => filter.setPrefixList(Array.from({ length: 100_000 }, () => ''))),
    resourceExhausted,
  ],
  ['a filter of nothing', filteredRead(() => {}), ok],
  ['a count of 0', readAll('0'), ok],
  ['the largest count', readAll(U64_MAX), ok],
  ['the largest revision', fromRevision(U64_MAX), invalidArgument],
  ['the largest position', fromPosition(U64_MAX), invalidArgument],
  ['a position beyond the log', fromPosition('9007199254740991'), ok],
])('a read with %s ends with its status', async (_, request, status) => {
  const ending = peer.ask('Read', frameOf(request));
  await expectServed();
  expect((await ending).status).toBe(status);
});

test.each([
  ['a content type of something else', 'Read', { 'content-type': 'text/plain' }, 'http 415'],
  ['one that only begins well', 'Read', { 'content-type': 'application/grpc-web' }, 'http 415'],
  ['JSON in gRPC', 'Read', { 'content-type': 'application/grpc+json' }, 'http 415'],
  ['a content type with the format', 'Read', { 'content-type': 'application/grpc+proto' }, ok],
  ['an unknown method', 'Frobnicate', {}, unimplemented],
  ['an unknown service', '/event_store.client.projections.Projections/Create', {}, unimplemented],
  ['no path', '/', {}, unimplemented],
  ['a path of control characters', '/%00/%ff', {}, unimplemented],
])('%s is refused or served as the protocol says', async (_, method, headers, status) => {
  expect((await peer.ask(method, frameOf(readAll('1')), headers)).status).toBe(status);
  await expectServed();
});

test('the metadata of no stream is a stream that is not there', async () => {
  const { status, messages } = await peer.ask('Read', frameOf(readStream('$$')));
  expect(status).toBe(ok);
  expect(streams.ReadResp.deserializeBinary(messages[0]!).hasStreamNotFound()).toBe(true);
});

test.each([
  ['no stream', '0@'],
  ['the metadata of no stream', '0@$$'],
  ['a stream whose name is too long to be one', `0@${'x'.repeat(3_000)}`],
  ['a stream whose metadata would have too long a name', `0@${'x'.repeat(1_977)}`],
  ['no revision', 'NaN@some'],
])('a link to %s is shown as it is, to those who resolve links, too', async (_, data) => {
  const stream = `links-${crypto.randomUUID()}`;
  expect((await peer.ask('Append', append(stream, appendEvent(undefined, '$>', data)))).status).toBe(ok);
  const resolving = withOptions(readStream(stream), (options) => options.setResolveLinks(true));
  const { status, messages } = await peer.ask('Read', frameOf(resolving));
  expect([status, messages.length]).toEqual([ok, 1]);
  await expectServed();
});

test('a compressed message is refused', async () => {
  const compressed = frameOf(readAll('1'));
  compressed[0] = 1;
  expect((await peer.ask('Read', compressed)).status).toBe(unimplemented);
});

describe('an append', () => {
  test.each([
    ['an id of no length', appendEvent('')],
    ['an id that is too short', appendEvent('f81d4fae-7dec-11d0-a765')],
    ['an id that is too long', appendEvent('f81d4fae-7dec-11d0-a765-00a0c91e6bf6-00')],
    ['no type', appendEvent(undefined, '')],
    ['a type that is too long', appendEvent(undefined, 'T'.repeat(1_025))],
  ])('with %s is refused', async (_, event) => {
    expect((await peer.ask('Append', append('refused', event))).status).toBe(invalidArgument);
    expect(await eventsIn('refused')).toBe(0);
  });

  test.each(['a\u0000b', 'a\u0000', '\n\r\t', '\u001b[31m', '\u007f', '\ufeffbom', '𝄞', 'a/../b'])(
    'to a stream with the odd name %j goes to that stream alone',
    async (stream) => {
      expect((await peer.ask('Append', append(stream, appendEvent()))).status).toBe(ok);
      expect(await eventsIn(stream)).toBe(1);
      expect(await eventsIn(`${stream}\u0000`)).toBe(0);
    },
  );

  test.each([
    ['cut off', [0xe8, 0xae]],
    ['overlong', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['no UTF-8 at all', [0xff, 0xfe]],
  ])('to a stream whose name is %s is refused', async (_, bytes) => {
    expect((await peer.ask('Append', append(Uint8Array.from(bytes), appendEvent()))).status).toBe(
      invalidArgument,
    );
  });

  test('to a stream with the longest name can be read, and has metadata and a stream of its type', async () => {
    const { streamNameBytesMax, eventTypeBytesMax, systemStreamNameBytesMax } = limits.eventNode;
    const stream = 's'.repeat(streamNameBytesMax);
    const type = 'T'.repeat(eventTypeBytesMax);
    expect((await peer.ask('Append', append(stream, appendEvent(undefined, type)))).status).toBe(ok);
    expect(
      (await peer.ask('Append', append(`$$${stream}`, appendEvent(undefined, '$metadata')))).status,
    ).toBe(ok);
    for (const readable of [stream, `$$${stream}`, `$et-${type}`]) expect(await eventsIn(readable)).toBe(1);
    const tooLong = [`${stream}s`, `$${'s'.repeat(systemStreamNameBytesMax)}`];
    for (const name of tooLong) {
      expect((await peer.ask('Append', append(name, appendEvent()))).status).toBe(invalidArgument);
    }
  });
});

test('a filter that would backtrack for ever is answered, and so are all others', async () => {
  const stream = 'a'.repeat(32);
  for (let count = 0; count < 20; count++) await other.ask('Append', append(`${stream}!`, appendEvent()));
  const request = filteredRead((filter) => filter.setRegex('^(a+)+$'));
  const endings = Array.from({ length: 20 }, () => peer.ask('Read', frameOf(request)));
  await expectServed();
  for (const { status, messages } of await Promise.all(endings)) expect([status, messages]).toEqual([ok, []]);
});

describe('a read of a client that understands positions', () => {
  const positions = async (request: streams.ReadReq): Promise<(string | undefined)[]> => {
    withOptions(request, (options) =>
      options.setControlOption(new streams.ReadReq.Options.ControlOption().setCompatibility(1)),
    );
    const { messages } = await peer.ask('Read', frameOf(request));
    const answers = messages.map((bytes) => streams.ReadResp.deserializeBinary(bytes));
    return answers.map((answer) => {
      if (answer.hasFirstStreamPosition()) return `first ${answer.getFirstStreamPosition()}`;
      return answer.hasLastStreamPosition() ? `last ${answer.getLastStreamPosition()}` : 'event';
    });
  };

  test('ends with where the stream ends, and begins with where it goes on when nothing is there', async () => {
    const events = [appendEvent(), appendEvent(), appendEvent()];
    await other.ask('Append', append('positions', ...events));
    const from = (revision: string): streams.ReadReq =>
      withOptions(readStream('positions'), (options) => options.getStream()?.setRevision(revision));
    expect(await positions(readStream('positions', '2'))).toEqual(['event', 'event', 'last 2']);
    expect(await positions(from('1'))).toEqual(['event', 'event', 'last 2']);
    expect(await positions(from('3'))).toEqual(['last 2']);
    expect(await positions(from('9'))).toEqual(['first 3', 'last 2']);
    const backwards = withOptions(readStream('positions', '1'), (options) => {
      options.setReadDirection(streams.ReadReq.Options.ReadDirection.BACKWARDS);
      options.getStream()?.setEnd(new shared.Empty());
    });
    expect(await positions(backwards)).toEqual(['event', 'last 2']);
    expect(await positions(readAll('1'))).toEqual(['event']);
  });

  test('says nothing of it to a client that does not', async () => {
    const { messages } = await peer.ask('Read', frameOf(readStream('positions', '1')));
    expect(messages).toHaveLength(1);
  });
});
