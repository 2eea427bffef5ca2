import { describe, expect, it, vi } from 'vitest';
import { EventLogUnavailable } from '../../src/commands/event-log.ts';
import type { RequestContext } from '../../src/commands/requests.ts';
import type { ConversationId, UserId } from '../../src/domain/ids.ts';
import { streams } from '../../src/domain/streams.ts';
import { recordHistory } from './support/in-memory-stores.ts';
import type { Person, Process, World } from './support/write-side-world.ts';
import {
  ask,
  contextOf,
  done,
  eventsOf,
  messageId,
  packetRequest,
  registered,
  text,
  world,
} from './support/write-side-world.ts';

/** Streams that remember their last five commands only. */
const few = { recentCommandsMin: 5, recentCommandsMax: 5 };

async function group(bounds: Readonly<Record<string, number>> = {}) {
  const w = world();
  const options = { bounds: { ...few, ...bounds } };
  const side = await w.start(options);
  const alice = await registered(side, 'alice');
  const bob = await registered(side, 'bob');
  const memberIds = [alice.userId];
  const { groupId, conversationId } = await done(w, side, bob, 'createGroup', { name: 'g', memberIds });
  await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
  return { w, side, alice, bob, groupId, conversationId, options };
}

const message = (conversationId: ConversationId, id: string) => ({
  conversationId,
  clientMsgId: messageId(id),
  content: text(id),
});

/** So many messages, all at once. */
async function chat(w: World, side: Process, by: Person, conversationId: ConversationId, count: number) {
  const ids = Array.from({ length: count }, () => `chat-${w.runtime.ids.next()}`);
  const sends = ids.map((id) =>
    side.commands.execute('sendMessage', message(conversationId, id), contextOf(w, by)),
  );
  for (const sent of await w.runtime.settle(Promise.all(sends))) expect(sent.kind).toBe('accepted');
}

/** Counts the events of a stream that are read from now on. */
function countReads(w: World, stream: string): () => number {
  const readStream = w.log.readStream.bind(w.log);
  let count = 0;
  vi.spyOn(w.log, 'readStream').mockImplementation(async function* (name, options) {
    for await (const event of readStream(name, options)) {
      if (name === stream) count += 1;
      yield event;
    }
  });
  return () => count;
}

async function startedOver({ w, side, options }: Awaited<ReturnType<typeof group>>): Promise<Process> {
  await w.runtime.settle(side.close());
  w.stores.checkpoints.kept.clear();
  w.stores.leases.held.clear();
  const next = await w.start(options);
  next.startProcessManagers();
  await w.runtime.advance(30_000);
  return next;
}

describe('a new step of a process', () => {
  it('reads nothing back in a busy conversation: neither a packet nor a notice', async () => {
    const enough = { recentCommandsMin: 30, recentCommandsMax: 30 };
    const { w, side, alice, bob, groupId, conversationId } = await group(enough);
    side.startProcessManagers();
    await w.runtime.advance(1_000);
    const stream = streams.conversation(conversationId);
    await chat(w, side, bob, conversationId, 200);
    const people: UserId[] = [];
    for (let n = 0; n < 20; n += 1) people.push((await registered(side, `guest-${n}`)).userId);
    const notices = eventsOf(w, 'NoticePosted').length;

    const read = countReads(w, stream);
    await done(w, side, alice, 'sendPacket', packetRequest(conversationId, { ttlSeconds: 3_600 }));
    // The tail, to see that it is the newest.
    expect(read()).toBeLessThan(5);

    await done(w, side, bob, 'inviteMembers', { groupId, userIds: people });
    await w.runtime.advance(1_000);
    expect(eventsOf(w, 'NoticePosted')).toHaveLength(notices + 20);
    expect(read()).toBeLessThan(5);
  });
});

describe('a step that was taken', () => {
  it('is not taken again by a follower that starts over, though a clock ran ahead when its cause came', async () => {
    const it = await group();
    const { w, side, bob, groupId, conversationId } = it;
    side.startProcessManagers();
    await w.runtime.advance(1_000);
    // The group's time stays an hour ahead, the conversation's does not.
    w.runtime.stepWallClock(3_600_000);
    await done(w, side, bob, 'setAnnouncement', { groupId, text: 'x' });
    w.runtime.stepWallClock(-3_600_000);
    const carol = await registered(side, 'carol');
    await done(w, side, bob, 'inviteMembers', { groupId, userIds: [carol.userId] });
    await w.runtime.advance(5_000);
    await chat(w, side, bob, conversationId, 20);
    const before = eventsOf(w, 'NoticePosted').length;
    await startedOver(it);
    expect(eventsOf(w, 'NoticePosted')).toHaveLength(before);
  });
});

/** A user who changes their nickname often: nothing but the command's id tells a repetition from a new change. */
async function renamed(bounds: Readonly<Record<string, number>> = {}) {
  const { w, side, alice } = await group(bounds);
  const stream = streams.account(alice.userId);
  const rename = (nickname: string, change: Partial<RequestContext> = {}) =>
    ask(w, side, alice, 'changeProfile', { nickname }, change);
  const renameOften = async (count: number) => {
    const changes = Array.from({ length: count }, (_, n) => rename(`often-${n}`));
    for (const { kind } of await w.runtime.settle(Promise.all(changes))) expect(kind).toBe('accepted');
  };
  const changes = () => eventsOf(w, 'ProfileChanged').length;
  return { w, stream, rename, renameOften, changes };
}

describe('a retry while the history lags', () => {
  it('gets the first answer, from the part of the stream that the history does not know', async () => {
    const { w, rename, renameOften, changes } = await renamed();
    await renameOften(20);
    recordHistory(w.stores, w.log.events);
    const commandId = w.runtime.ids.next();
    await rename('once', { commandId });
    await renameOften(20);
    expect(await rename('once', { commandId, retry: true })).toMatchObject({ kind: 'accepted' });
    expect(changes()).toBe(41);
    expect(await rename('another', { commandId, retry: true })).toMatchObject({ code: 'command-id-reused' });
  });

  it('is decided as new when neither knows it, and the search ends where the history begins', async () => {
    const { w, stream, rename, renameOften, changes } = await renamed();
    await renameOften(100);
    recordHistory(w.stores, w.log.events);
    await renameOften(20);
    const read = countReads(w, stream);
    expect(await rename('new', { retry: true })).toMatchObject({ kind: 'accepted' });
    expect(changes()).toBe(121);
    expect(read()).toBeLessThan(25);
  });

  it('is told that nothing is known, and nothing is done, when it lags too far to search the rest', async () => {
    const bounds = { retrySearchEventsMax: 20, searchPageEvents: 10 };
    const { w, stream, rename, renameOften, changes } = await renamed(bounds);
    const commandId = w.runtime.ids.next();
    await rename('once', { commandId });
    await renameOften(60);
    const read = countReads(w, stream);
    expect(await rename('once', { commandId, retry: true })).toEqual({ kind: 'unknown' });
    expect(read()).toBeLessThan(25);
    recordHistory(w.stores, w.log.events);
    expect(await rename('once', { commandId, retry: true })).toMatchObject({ kind: 'accepted' });
    expect(changes()).toBe(61);
  });
});

describe('a packet that is sent again and again', () => {
  it('is found in the history, and nobody reads the conversation back to it', async () => {
    const { w, side, alice, bob, conversationId } = await group();
    const request = packetRequest(conversationId, { ttlSeconds: 3_600 });
    const commandId = w.runtime.ids.next();
    const first = await done(w, side, alice, 'sendPacket', request, { commandId });
    await chat(w, side, bob, conversationId, 200);
    recordHistory(w.stores, w.log.events);
    const read = countReads(w, streams.conversation(conversationId));
    const copies = 5;
    for (let n = 0; n < copies; n += 1) {
      // Under its command's id, and as another command for the same packet.
      expect(await done(w, side, alice, 'sendPacket', request, { commandId })).toEqual(first);
      expect(await done(w, side, alice, 'sendPacket', request)).toEqual(first);
    }
    expect(read()).toBeLessThan(copies * 2 * 5);
  });

  it('is looked for no further back than to its funding, which the history need not know', async () => {
    const { w, side, alice, bob, conversationId } = await group();
    await chat(w, side, bob, conversationId, 200);
    const request = packetRequest(conversationId, { ttlSeconds: 3_600 });
    const first = await done(w, side, alice, 'sendPacket', request);
    await chat(w, side, bob, conversationId, 20);
    const read = countReads(w, streams.conversation(conversationId));
    expect(await done(w, side, alice, 'sendPacket', request)).toEqual(first);
    expect(read()).toBeLessThan(30);
  });

  it('has an unknown outcome when the log stops answering after the funding', async () => {
    const { w, side, alice, conversationId } = await group();
    const request = packetRequest(conversationId, { ttlSeconds: 3_600 });
    await done(w, side, alice, 'sendPacket', request);
    const { revision } = eventsOf(w, 'PacketFunded')[0]!;
    const wallet = streams.wallet(alice.userId);
    const readStream = w.log.readStream.bind(w.log);
    vi.spyOn(w.log, 'readStream').mockImplementation(async function* (name, options) {
      const isTheFunding = name === wallet && options?.from === revision && options.maxCount === 1;
      if (isTheFunding) throw new EventLogUnavailable('down');
      yield* readStream(name, options);
    });
    expect(await ask(w, side, alice, 'sendPacket', request)).toEqual({ kind: 'unknown' });
  });
});

describe('a command that is being looked up', () => {
  it('holds up what its sender sends after it, and nobody else', async () => {
    const { w, side, alice, bob, conversationId } = await group();
    await chat(w, side, bob, conversationId, 30);
    const looked = Promise.withResolvers<void>();
    const { find } = w.stores.history;
    vi.spyOn(w.stores.history, 'find').mockImplementation(async (commandId) => {
      await looked.promise;
      return find(commandId);
    });
    const send = (by: Person, id: string, retry: boolean) =>
      side.commands.execute('sendMessage', message(conversationId, id), contextOf(w, by, { retry }));
    const sent = [send(alice, 'first', true), send(alice, 'second', false)];
    expect(await w.runtime.settle(send(bob, 'other', false))).toMatchObject({ kind: 'accepted' });
    looked.resolve();
    for (const outcome of await w.runtime.settle(Promise.all(sent))) expect(outcome.kind).toBe('accepted');
    const order = eventsOf(w, 'MessageSent').slice(-3);
    expect(order.map(({ data }) => (data as { clientMsgId: string }).clientMsgId)).toEqual([
      'other',
      'first',
      'second',
    ]);
  });

  it('gets an unknown outcome when the history does not answer in time', async () => {
    const { w, side, alice, bob, conversationId } = await group();
    await chat(w, side, bob, conversationId, 30);
    vi.spyOn(w.stores.history, 'find').mockRejectedValue(new Error('down'));
    const outcome = await ask(w, side, alice, 'sendMessage', message(conversationId, 'm'), { retry: true });
    expect(outcome).toEqual({ kind: 'unknown' });
    expect(eventsOf(w, 'MessageSent')).toHaveLength(30);
  });
});
