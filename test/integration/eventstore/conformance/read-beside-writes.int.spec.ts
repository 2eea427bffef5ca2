/** Reads and subscriptions of streams that others append to at the same time. */
import { START } from '@eventstore/db-client';
import { expect, test } from 'vitest';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const revisionsUpTo = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index));

test('readers of a stream get all of it without a hole while it grows', async () => {
  const stream = aStream();
  const [writes, eventsEach] = [400, 3];
  const followed = [1, 2, 3].map(() =>
    take(client().subscribeToStream(stream, { fromRevision: START }), writes * eventsEach),
  );
  let writing = true;
  const readers = Array.from({ length: 4 }, async () => {
    let longest = 0;
    while (writing) {
      const read = await take(client().readStream(stream)).catch(() => []);
      expect(read.map((each) => each.event?.revision)).toEqual(revisionsUpTo(read.length));
      longest = Math.max(longest, read.length);
    }
    return longest;
  });
  const writers = Array.from({ length: 8 }, async () => {
    for (let write = 0; write < writes / 8; write++) {
      await client().appendToStream(stream, someEvents(eventsEach));
    }
  });
  await Promise.all(writers);
  writing = false;
  await Promise.all(readers);
  for (const received of await Promise.all(followed)) {
    expect(received.map((each) => each.event?.revision)).toEqual(revisionsUpTo(writes * eventsEach));
  }
});
