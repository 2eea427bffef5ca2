/** Stream metadata: `$maxCount`, `$maxAge`, `$tb` are honoured by whoever reads the stream. */
import {
  BACKWARDS,
  END,
  jsonEvent,
  NO_STREAM,
  START,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const revisions = async (stream: string, options = {}) =>
  (await take(client().readStream(stream, options))).map((each) => Number(each.event?.revision));
const backwards = { direction: BACKWARDS, fromRevision: END };

describe('$maxCount', () => {
  test('shows the newest events only, as many as it says', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(5));
    await client().setStreamMetadata(stream, { maxCount: 2 });
    expect(await revisions(stream)).toEqual([3, 4]);
    expect(await revisions(stream, { fromRevision: 1n })).toEqual([3, 4]);
    expect(await revisions(stream, backwards)).toEqual([4, 3]);
    await client().appendToStream(stream, someEvents(1), { expectedRevision: 4n });
    expect(await revisions(stream)).toEqual([4, 5]);
  });

  test('may be set before the stream has an event', async () => {
    const stream = aStream();
    await client().setStreamMetadata(stream, { maxCount: 1 });
    await client().appendToStream(stream, someEvents(3), { expectedRevision: NO_STREAM });
    expect(await revisions(stream)).toEqual([2]);
  });

  test('hides from a subscription what was over the count before it came', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(4));
    await client().setStreamMetadata(stream, { maxCount: 2 });
    const received = await take(client().subscribeToStream(stream, { fromRevision: START }), 2);
    expect(received.map((each) => each.event?.revision)).toEqual([2n, 3n]);
  });
});

describe('$tb', () => {
  test('hides the events below a revision', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(5));
    await client().setStreamMetadata(stream, { truncateBefore: 3 });
    expect(await revisions(stream)).toEqual([3, 4]);
    expect(await revisions(stream, backwards)).toEqual([4, 3]);
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: 2n })).toEqual([]);
  });

  test('beyond the end hides everything, and the stream is there all the same', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await client().setStreamMetadata(stream, { truncateBefore: 10 });
    expect(await revisions(stream)).toEqual([]);
    await client().appendToStream(stream, someEvents(9), { expectedRevision: 1n });
    expect(await revisions(stream)).toEqual([10]);
  });
});

describe('$maxAge', () => {
  test('hides what is older, and shows what is younger', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(3));
    await client().setStreamMetadata(stream, { maxAge: 3_600 });
    expect(await revisions(stream)).toEqual([0, 1, 2]);
  });
});

describe('metadata', () => {
  test('is itself a stream, of which only the newest event is shown', async () => {
    const stream = aStream();
    await client().setStreamMetadata(stream, { maxCount: 7 });
    await client().setStreamMetadata(stream, { maxCount: 5, custom: 'kept' });
    const shown = await take(client().readStream(`$$${stream}`));
    expect(shown.map((each) => each.event?.data)).toEqual([{ $maxCount: 5, custom: 'kept' }]);
    expect(shown[0]?.event?.revision).toBe(1n);
    expect(await client().getStreamMetadata(stream)).toMatchObject({
      metadata: { maxCount: 5, custom: 'kept' },
    });
  });

  test('of a stream without any is empty', async () => {
    const { metadata } = await client().getStreamMetadata(aStream());
    expect(metadata ?? {}).toEqual({});
  });

  test('is written with an expected revision of its own', async () => {
    const stream = aStream();
    await client().setStreamMetadata(stream, { maxCount: 7 }, { expectedRevision: NO_STREAM });
    const failure = client().setStreamMetadata(stream, { maxCount: 8 }, { expectedRevision: NO_STREAM });
    await expect(failure).rejects.toThrow(WrongExpectedVersionError);
  });

  test('that makes no sense hides nothing', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    for (const data of [{ $maxCount: 'one' }, { $maxCount: -1 }, { $tb: 1.5 }, [1, 2]]) {
      await client().appendToStream(`$$${stream}`, jsonEvent({ type: '$metadata', data }));
      expect(await revisions(stream), JSON.stringify(data)).toEqual([0, 1]);
    }
  });

  test('of metadata cannot be set', async () => {
    await expect(client().setStreamMetadata('$$some', { maxCount: 1 })).rejects.toThrow(/cannot be a stream/);
  });
});
