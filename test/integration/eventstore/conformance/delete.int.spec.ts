/** `Streams.Delete` and `Streams.Tombstone`, as the published client uses them. */
import {
  ANY,
  BACKWARDS,
  END,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const revisions = async (stream: string) =>
  (await take(client().readStream(stream))).map((each) => each.event?.revision);

describe('a stream that was deleted', () => {
  test('reads as one that is not there, forwards, backwards and from any revision', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(3));
    await client().deleteStream(stream);
    for (const options of [
      {},
      { direction: BACKWARDS, fromRevision: END } as const,
      { fromRevision: 1n },
      { fromRevision: START },
    ] as const) {
      await expect(take(client().readStream(stream, options))).rejects.toThrow(StreamNotFoundError);
    }
  });

  test('answers with the position of its deletion, which comes after all before', async () => {
    const stream = aStream();
    const { position: before } = await client().appendToStream(stream, someEvents(1));
    const { position } = await client().deleteStream(stream);
    expect(position?.commit).toBeGreaterThan(before?.commit ?? 0n);
  });

  test.each([
    ['no stream', NO_STREAM],
    ['any', ANY],
    ['its last revision', 2n],
  ] as const)(
    'may be begun again with %s, and goes on after its last revision',
    async (_, expectedRevision) => {
      const stream = aStream();
      await client().appendToStream(stream, someEvents(3));
      await client().deleteStream(stream);
      const result = await client().appendToStream(stream, someEvents(2), { expectedRevision });
      expect(result.nextExpectedRevision).toBe(4n);
      expect(await revisions(stream)).toEqual([3n, 4n]);
    },
  );

  test('keeps the metadata that it gets when it is begun again', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(3));
    await client().deleteStream(stream);
    await client().setStreamMetadata(stream, { maxCount: 1 });
    await client().appendToStream(stream, someEvents(2));
    expect((await client().getStreamMetadata(stream)).metadata).toMatchObject({ maxCount: 1 });
  });

  test('is deleted to an append that wants it to exist', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    await client().deleteStream(stream);
    const append = client().appendToStream(stream, someEvents(1), { expectedRevision: STREAM_EXISTS });
    await expect(append).rejects.toThrow(StreamDeletedError);
  });

  test('answers an append that was sent again as it did before the deletion', async () => {
    const stream = aStream();
    const events = someEvents(2);
    await client().appendToStream(stream, events, { expectedRevision: NO_STREAM });
    await client().deleteStream(stream);
    const again = await client().appendToStream(stream, events, { expectedRevision: NO_STREAM });
    expect(again.nextExpectedRevision).toBe(1n);
    await expect(take(client().readStream(stream))).rejects.toThrow(StreamNotFoundError);
  });

  test('delivers to a subscription what comes after it was begun again', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await client().deleteStream(stream);
    const subscription = client().subscribeToStream(stream, { fromRevision: START });
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    const [received] = await take(subscription, 1);
    expect(received?.event).toMatchObject({ id: events[0]?.id, revision: 2n });
  });
});

describe('deleting', () => {
  test('with a wrong revision changes nothing, and tells both revisions', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    const failure = client().deleteStream(stream, { expectedRevision: 7n });
    await expect(failure).rejects.toThrow(WrongExpectedVersionError);
    await expect(failure).rejects.toMatchObject({
      streamName: stream,
      expectedVersion: 7n,
      actualVersion: 1n,
    });
    expect(await revisions(stream)).toEqual([0n, 1n]);
  });

  test('with the last revision deletes', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await client().deleteStream(stream, { expectedRevision: 1n });
    await expect(take(client().readStream(stream))).rejects.toThrow(StreamNotFoundError);
  });

  test('what is not there is a wrong expected version', async () => {
    await expect(client().deleteStream(aStream())).rejects.toThrow(WrongExpectedVersionError);
  });

  test('names a stream whose name is not ASCII', async () => {
    const stream = aStream('群');
    await client().appendToStream(stream, someEvents(1));
    const failure = client().deleteStream(stream, { expectedRevision: 7n });
    await expect(failure).rejects.toMatchObject({ streamName: encodeURIComponent(stream) });
  });
});

describe('a stream with a tombstone', () => {
  test('is deleted for good to reads, appends, deletes and tombstones', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(2));
    await client().tombstoneStream(stream, { expectedRevision: 1n });
    for (const attempt of [
      () => take(client().readStream(stream)),
      () => take(client().readStream(stream, { direction: BACKWARDS, fromRevision: END })),
      () => client().appendToStream(stream, someEvents(1)),
      () => client().appendToStream(stream, someEvents(1), { expectedRevision: NO_STREAM }),
      () =>
        client().appendToStream(stream, someEvents(1), {
          credentials: { username: 'admin', password: 'changeit' },
        }),
      () => client().deleteStream(stream),
      () => client().tombstoneStream(stream),
      () => client().setStreamMetadata(stream, { maxCount: 3 }),
    ]) {
      const failure = attempt();
      await expect(failure).rejects.toThrow(StreamDeletedError);
    }
    await expect(client().appendToStream(stream, someEvents(1))).rejects.toMatchObject({
      streamName: stream,
    });
  });

  test('shows its tombstone in the log, at the greatest revision there is', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    const { position } = await client().tombstoneStream(stream);
    const [tombstone] = await take(
      client().readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }),
    );
    expect(tombstone?.event).toMatchObject({
      type: '$streamDeleted',
      streamId: stream,
      revision: 2n ** 63n - 1n,
      position,
    });
  });

  test('may never have had an event', async () => {
    const stream = aStream();
    await client().tombstoneStream(stream, { expectedRevision: NO_STREAM });
    await expect(client().appendToStream(stream, someEvents(1))).rejects.toThrow(StreamDeletedError);
  });

  test('may have been deleted softly before', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    await client().deleteStream(stream);
    await client().tombstoneStream(stream);
    await expect(take(client().readStream(stream))).rejects.toThrow(StreamDeletedError);
  });

  test('ends the subscriptions to it with that error, and refuses new ones', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    const subscription = client().subscribeToStream(stream);
    const ended = expect(take(subscription)).rejects.toThrow(StreamDeletedError);
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await client().tombstoneStream(stream);
    await ended;
    await expect(take(client().subscribeToStream(stream))).rejects.toThrow(StreamDeletedError);
  });

  test('is not made with a wrong revision', async () => {
    const stream = aStream();
    await client().appendToStream(stream, someEvents(1));
    const failure = client().tombstoneStream(stream, { expectedRevision: 4n });
    await expect(failure).rejects.toMatchObject({ expectedVersion: 4n, actualVersion: 0n });
    expect(await revisions(stream)).toEqual([0n]);
  });
});
