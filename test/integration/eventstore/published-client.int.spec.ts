/** What the published client sees of the embedded node when an application uses it directly. */
import {
  type AllStreamSubscription,
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamNotFoundError,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aNode } from './support.ts';

let url: string;
let closeNode: () => Promise<void>;
let client: EventStoreDBClient;
let streams = 0;
const aStream = (word = 'stream'): string => `${word}-${++streams}`;
const someJson = (count: number, type = 'Happened') =>
  Array.from({ length: count }, (_, index) =>
    jsonEvent({ type, data: { index }, metadata: { from: 'test' } }),
  );

beforeAll(async () => {
  const started = await aNode();
  url = started.node.url;
  closeNode = started.close;
  client = EventStoreDBClient.connectionString(url);
});
// The client's own dispose would wait for ever for streams that a test left before their end.
afterAll(() => closeNode());

async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

// Without credentials the client uses BatchAppend; with them, one Append per call.
describe.each([
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
])('appendToStream over %s', (_, options) => {
  test('answers with the revision and the position', async () => {
    const stream = aStream();
    const result = await client.appendToStream(stream, someJson(3), {
      expectedRevision: NO_STREAM,
      ...options,
    });
    expect(result.success).toBe(true);
    expect(result.nextExpectedRevision).toBe(2n);
    const [, , last] = await take(client.readStream(stream), 3);
    expect(last?.event?.position).toEqual(result.position);
  });

  test('throws WrongExpectedVersionError with both revisions', async () => {
    const stream = aStream();
    await client.appendToStream(stream, someJson(2), options);
    const failure = client.appendToStream(stream, someJson(1), { expectedRevision: 5n, ...options });
    await expect(failure).rejects.toThrow(WrongExpectedVersionError);
    await expect(failure).rejects.toMatchObject({
      streamName: stream,
      expectedVersion: 5n,
      actualVersion: 1n,
    });
    const missing = client.appendToStream(aStream(), someJson(1), {
      expectedRevision: STREAM_EXISTS,
      ...options,
    });
    await expect(missing).rejects.toMatchObject({ expectedVersion: STREAM_EXISTS, actualVersion: NO_STREAM });
  });

  test('throws MaxAppendSizeExceededError over one mebibyte and serves the next append', async () => {
    const stream = aStream();
    const big = jsonEvent({ type: 'Big', data: { text: 'x'.repeat(1024 * 1024) } });
    const failure = client.appendToStream(stream, [big, ...someJson(1)], options);
    await expect(failure).rejects.toThrow(MaxAppendSizeExceededError);
    await expect(failure).rejects.toMatchObject({ maxAppendSize: 1024 * 1024 });
    await client.appendToStream(stream, someJson(1), { expectedRevision: NO_STREAM, ...options });
  });

  test('takes binary events and big ones', async () => {
    const stream = aStream();
    const bytes = new Uint8Array([0, 1, 2, 255]);
    await client.appendToStream(
      stream,
      {
        id: crypto.randomUUID(),
        contentType: 'application/octet-stream',
        type: 'Raw',
        data: bytes,
        metadata: bytes,
      },
      options,
    );
    await client.appendToStream(
      stream,
      jsonEvent({ type: 'Big', data: { text: 'x'.repeat(1_000_000) } }),
      options,
    );
    const [raw, big] = await take(client.readStream(stream), 2);
    expect(Uint8Array.from(raw?.event?.data as Uint8Array)).toEqual(bytes);
    expect(raw?.event?.isJson).toBe(false);
    expect(big?.event?.data).toEqual({ text: 'x'.repeat(1_000_000) });
  });
});

describe('readStream', () => {
  test('throws StreamNotFoundError for a stream that does not exist', async () => {
    await expect(take(client.readStream('nowhere'), 1)).rejects.toThrow(StreamNotFoundError);
    await expect(
      take(client.readStream('nowhere', { direction: BACKWARDS, fromRevision: END }), 1),
    ).rejects.toThrow(StreamNotFoundError);
  });

  test('gives the whole event', async () => {
    const stream = aStream('名前');
    const before = Date.now();
    const event = jsonEvent({ type: 'Happened', data: { 金额: 1 }, metadata: { a: [1] } });
    await client.appendToStream(stream, event);
    const [read] = await take(client.readStream(stream), 1);
    expect(read?.event).toMatchObject({
      streamId: stream,
      id: event.id,
      type: 'Happened',
      data: { 金额: 1 },
      metadata: { a: [1] },
      isJson: true,
      revision: 0n,
    });
    expect(read?.event?.created.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('reads backwards from the end and stops at the count', async () => {
    const stream = aStream();
    await client.appendToStream(stream, someJson(10));
    const read = await take(
      client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 3 }),
      9,
    );
    expect(read.map((each) => each.event?.revision)).toEqual([9n, 8n, 7n]);
  });
});

describe('readAll', () => {
  test('reads from a position inclusive, forwards, and before it, backwards', async () => {
    const stream = aStream();
    await client.appendToStream(stream, someJson(1));
    const { position } = await client.appendToStream(stream, someJson(1));
    await client.appendToStream(stream, someJson(1));
    const revisions = async (read: ReturnType<typeof client.readAll>, count: number): Promise<unknown[]> =>
      (await take(read, count)).map((each) => each.event?.revision);
    expect(await revisions(client.readAll({ fromPosition: position! }), 2)).toEqual([1n, 2n]);
    expect(await revisions(client.readAll({ fromPosition: position!, direction: BACKWARDS }), 1)).toEqual([
      0n,
    ]);
    expect(await revisions(client.readAll({ fromPosition: END, direction: BACKWARDS }), 3)).toEqual([
      2n,
      1n,
      0n,
    ]);
  });
});

describe('subscriptions', () => {
  async function untilCaughtUp(subscription: AllStreamSubscription): Promise<string[]> {
    const ids: string[] = [];
    subscription.on('data', (resolved) => ids.push(resolved.event?.id ?? ''));
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await subscription.unsubscribe();
    return ids;
  }

  test.each(['prefixes', 'regex'] as const)('to the log, filtered by stream name with %s', async (kind) => {
    const word = aStream('wanted');
    const events = someJson(4);
    await client.appendToStream(`${word}-x`, events);
    await client.appendToStream(aStream('unwanted'), someJson(4));
    const filter =
      kind === 'prefixes' ? streamNameFilter({ prefixes: [word] }) : streamNameFilter({ regex: `^${word}-` });
    expect(await untilCaughtUp(client.subscribeToAll({ filter }))).toEqual(events.map((event) => event.id));
  });

  test('to the log, filtered by event type', async () => {
    const type = aStream('Type');
    const events = someJson(2, type);
    await client.appendToStream(aStream(), [...someJson(2), ...events, ...someJson(2)]);
    const subscription = client.subscribeToAll({ filter: eventTypeFilter({ prefixes: [type] }) });
    expect(await untilCaughtUp(subscription)).toEqual(events.map((event) => event.id));
  });

  test('report checkpoints over what they filter out, and again when they have caught up', async () => {
    await client.appendToStream(aStream(), someJson(1_000));
    const { position } = await client.appendToStream(aStream(), someJson(1));
    const checkpoints: bigint[] = [];
    const filter = streamNameFilter({
      prefixes: ['nothing-like-it'],
      maxSearchWindow: 100,
      checkpointInterval: 2,
      checkpointReached: async (_, reached) => {
        checkpoints.push(reached.commit);
      },
    });
    await untilCaughtUp(client.subscribeToAll({ filter }));
    expect(checkpoints.length).toBeGreaterThanOrEqual(5);
    expect(checkpoints).toEqual([...checkpoints].sort((a, b) => Number(a - b)));
    expect(checkpoints.at(-1)).toBe(position?.commit);
  });

  test('to a stream that does not exist yet deliver it from its first event on', async () => {
    const stream = aStream();
    const subscription = client.subscribeToStream(stream);
    await new Promise((resolve) => subscription.once('confirmation', resolve));
    const events = someJson(2);
    await client.appendToStream(stream, events);
    const read = await take(subscription, 2);
    expect(read.map((each) => each.event?.id)).toEqual(events.map((event) => event.id));
  });

  test('to a stream begin after the revision given, or with what comes', async () => {
    const stream = aStream();
    await client.appendToStream(stream, someJson(3));
    const fromZero = client.subscribeToStream(stream, { fromRevision: 0n });
    expect((await take(fromZero, 2)).map((each) => each.event?.revision)).toEqual([1n, 2n]);
    const fromEnd = client.subscribeToStream(stream, { fromRevision: END });
    await new Promise((resolve) => fromEnd.once('caughtUp', resolve));
    await client.appendToStream(stream, someJson(1));
    expect((await take(fromEnd, 1)).map((each) => each.event?.revision)).toEqual([3n]);
  });
});

describe('what the node does not do', () => {
  test('is refused, and not answered as if it were done', async () => {
    const stream = aStream();
    await client.appendToStream(stream, someJson(1));
    const projection = client.createProjection('projection', 'fromAll()');
    await expect(projection).rejects.toMatchObject({ code: 12 });
    expect(await take(client.readStream(stream), 1)).toHaveLength(1);
  });
});
