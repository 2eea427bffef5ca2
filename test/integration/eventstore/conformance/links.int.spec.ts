/** Links, and the streams of links that the node keeps itself: `$ce-<category>` and `$et-<event type>`. */
import { BACKWARDS, binaryEvent, END, START } from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { aStream, conformanceClient, someEvents, take } from './support.ts';

const client = conformanceClient();
const aLink = (to: string) => binaryEvent({ type: '$>', data: Buffer.from(to) });

describe('a link', () => {
  test('is read as what it stands for when the reader asks for that', async () => {
    const [stream, links] = [aStream(), aStream('links')];
    const events = someEvents(2);
    await client().appendToStream(stream, events);
    await client().appendToStream(links, aLink(`1@${stream}`));
    const [resolved] = await take(client().readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toMatchObject({ id: events[1]?.id, streamId: stream, revision: 1n });
    expect(resolved?.link).toMatchObject({ type: '$>', streamId: links, revision: 0n });
    const [plain] = await take(client().readStream(links));
    expect(plain?.event).toMatchObject({ type: '$>', streamId: links });
    expect(plain?.link).toBeUndefined();
  });

  test.each([
    ['an event that was deleted', 'deleted'],
    ['an event that was truncated', 'truncated'],
    ['a stream that never was', 'missing'],
    ['nothing that could be an event', 'garbage'],
  ])('to %s comes without one', async (_, what) => {
    const [stream, links] = [aStream(), aStream('links')];
    await client().appendToStream(stream, someEvents(3));
    if (what === 'deleted') await client().deleteStream(stream);
    if (what === 'truncated') await client().setStreamMetadata(stream, { truncateBefore: 2 });
    const target =
      { deleted: `0@${stream}`, truncated: `1@${stream}`, missing: '0@nowhere' }[what] ?? 'garbage';
    await client().appendToStream(links, aLink(target));
    const [resolved] = await take(client().readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toBeUndefined();
    expect(resolved?.link?.streamId).toBe(links);
  });

  test('is followed in the log and by subscriptions, too', async () => {
    const [stream, links] = [aStream(), aStream('links')];
    const events = someEvents(1);
    await client().appendToStream(stream, events);
    const { position } = await client().appendToStream(links, aLink(`0@${stream}`));
    const [inLog] = await take(
      client().readAll({ fromPosition: position!, resolveLinkTos: true, maxCount: 1 }),
    );
    expect(inLog?.event?.id).toBe(events[0]?.id);
    expect(inLog?.commitPosition).toBe(position?.commit);
    const subscription = client().subscribeToStream(links, { resolveLinkTos: true });
    expect((await take(subscription, 1))[0]?.event?.id).toBe(events[0]?.id);
  });
});

describe('the stream of a category', () => {
  test("links to every event of every stream whose name begins with it, in the log's order", async () => {
    const category = `cat${Date.now()}`;
    const [one, other] = [aStream(category), aStream(category)];
    const [first, second, third] = [someEvents(1), someEvents(2), someEvents(1)];
    await client().appendToStream(one, first);
    await client().appendToStream(other, second);
    await client().appendToStream('other-category', someEvents(1));
    await client().appendToStream(one, third);
    const ids = [...first, ...second, ...third].map((event) => event.id);
    const resolved = await take(client().readStream(`$ce-${category}`, { resolveLinkTos: true }));
    expect(resolved.map((each) => each.event?.id)).toEqual(ids);
    expect(resolved.map((each) => each.link?.revision)).toEqual([0n, 1n, 2n, 3n]);
    const back = await take(
      client().readStream(`$ce-${category}`, {
        resolveLinkTos: true,
        direction: BACKWARDS,
        fromRevision: END,
        maxCount: 2,
      }),
    );
    expect(back.map((each) => each.event?.id)).toEqual(ids.toReversed().slice(0, 2));
  });

  test('gives links with ids of their own, the same at every read', async () => {
    const category = aStream('same').replace('-', '');
    await client().appendToStream(`${category}-1`, someEvents(2));
    const read = async () =>
      (await take(client().readStream(`$ce-${category}`))).map(({ event }) => [event?.id, event?.type]);
    const once = await read();
    expect(new Set(once.map(([id]) => id)).size).toBe(2);
    expect(await read()).toEqual(once);
  });

  test('is followed live', async () => {
    const category = aStream('live').replace('-', '');
    const subscription = client().subscribeToStream(`$ce-${category}`, {
      fromRevision: START,
      resolveLinkTos: true,
    });
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    const events = someEvents(2);
    await client().appendToStream(`${category}-1`, events);
    expect((await take(subscription, 2)).map((each) => each.event?.id)).toEqual(events.map(({ id }) => id));
  });

  test('cannot be written to', async () => {
    for (const stream of ['$ce-mine', '$et-mine']) {
      await expect(client().appendToStream(stream, someEvents(1))).rejects.toThrow(/keeps/);
      await expect(client().deleteStream(stream)).rejects.toThrow(/keeps/);
    }
  });

  test('has metadata of its own', async () => {
    const category = aStream('counted').replace('-', '');
    await client().appendToStream(`${category}-1`, someEvents(5));
    await client().setStreamMetadata(`$ce-${category}`, { maxCount: 2 });
    expect(await take(client().readStream(`$ce-${category}`))).toHaveLength(2);
  });
});

describe('the stream of an event type', () => {
  test('links to every event of the type', async () => {
    const type = `Type${Date.now()}`;
    const events = someEvents(2, type);
    await client().appendToStream(aStream(), [...someEvents(1), ...events]);
    const resolved = await take(client().readStream(`$et-${type}`, { resolveLinkTos: true }));
    expect(resolved.map((each) => each.event?.id)).toEqual(events.map(({ id }) => id));
  });

  test('has nothing of system streams', async () => {
    await client().setStreamMetadata(aStream(), { maxCount: 1 });
    await expect(take(client().readStream('$et-$metadata'))).rejects.toThrow(/not found/);
  });
});
