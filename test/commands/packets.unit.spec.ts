import { describe, expect, it } from 'vitest';
import { defaultPacketLimits } from '../../src/domain/packet/packet-limits.ts';
import type { Person, Process, World } from './support/write-side-world.ts';
import {
  ask,
  done,
  eventsOf,
  messageId,
  packetRequest,
  registered,
  world,
} from './support/write-side-world.ts';

interface Group {
  readonly w: World;
  readonly side: Process;
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
  readonly outsider: Person;
  readonly chat: Parameters<typeof packetRequest>[0];
}

/** Alice, with 50 yuan, Bob and Carol in a group. */
async function group(options: Parameters<World['start']>[0] = {}): Promise<Group> {
  const w = world();
  const side = await w.start(options);
  const [alice, bob, carol, outsider] = await Promise.all(
    ['alice', 'bob', 'carol', 'dave'].map((name) => registered(side, name)),
  );
  const memberIds = [bob!.userId, carol!.userId];
  const { conversationId } = await done(w, side, alice!, 'createGroup', { name: 'family', memberIds });
  await done(w, side, alice!, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
  return { w, side, alice: alice!, bob: bob!, carol: carol!, outsider: outsider!, chat: conversationId };
}

describe('looking at a packet', () => {
  it('tells what a grab would be told, and writes nothing', async () => {
    const { w, side, alice, bob, carol, chat } = await group();
    const { packetId, expiresAtSecond } = await done(w, side, alice, 'sendPacket', packetRequest(chat));
    const written = w.log.events.length;
    const peek = async (person: Person) => {
      // A look may be a moment old.
      await w.runtime.advance(1_000);
      return done(w, side, person, 'peekPacket', { packetId });
    };
    const fresh = { packetId, state: 'open', amountFen: null, count: 2, taken: 0, needsPhrase: false };
    expect(await peek(bob)).toEqual({ ...fresh, expiresAtSecond });
    expect(w.log.events).toHaveLength(written);

    const { amountFen } = await done(w, side, bob, 'grabPacket', { packetId });
    expect(await peek(bob)).toMatchObject({ state: 'grabbed', amountFen, taken: 1 });
    expect(await peek(carol)).toMatchObject({ state: 'open', amountFen: null, taken: 1 });
    await w.runtime.advance(expiresAtSecond * 1_000 - w.runtime.clock.nowMs());
    expect(await peek(carol)).toMatchObject({ state: 'expired' });
    expect(await peek(bob)).toMatchObject({ state: 'grabbed' });
  });

  it('tells of one that is gone, and of one for others', async () => {
    const { w, side, alice, bob, carol, chat } = await group();
    const exclusive = packetRequest(chat, {
      clientMsgId: messageId('for-bob'),
      kind: 'exclusive',
      totalFen: 100,
      count: 1,
      receivers: [bob.userId],
    });
    const { packetId } = await done(w, side, alice, 'sendPacket', exclusive);
    expect(await done(w, side, carol, 'peekPacket', { packetId })).toMatchObject({ state: 'for-others' });
    const lucky = packetRequest(chat, { count: 1 });
    const { packetId: gone } = await done(w, side, alice, 'sendPacket', lucky);
    await done(w, side, bob, 'grabPacket', { packetId: gone });
    expect(await done(w, side, carol, 'peekPacket', { packetId: gone })).toMatchObject({
      state: 'exhausted',
    });
  });

  it('is for those in the conversation', async () => {
    const { w, side, alice, outsider, chat } = await group();
    const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(chat));
    for (const type of ['peekPacket', 'grabPacket'] as const) {
      expect(await ask(w, side, outsider, type, { packetId })).toMatchObject({ code: 'packet-not-found' });
    }
    const note = { packetId, note: 'thanks' };
    expect(await ask(w, side, outsider, 'thankForPacket', note)).toMatchObject({ code: 'packet-not-found' });
  });
});

describe('a password packet', () => {
  const phrase = '芝麻开门 Open';

  it('is opened by the phrase, however it was typed', async () => {
    const { w, side, alice, bob, carol, chat } = await group();
    const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(chat, { phrase }));
    expect(await done(w, side, bob, 'peekPacket', { packetId })).toMatchObject({ needsPhrase: true });
    expect(await ask(w, side, bob, 'grabPacket', { packetId })).toMatchObject({ code: 'phrase-wrong' });
    const wrong = { packetId, phrase: '芝麻关门' };
    expect(await ask(w, side, bob, 'grabPacket', wrong)).toMatchObject({ code: 'phrase-wrong' });
    await done(w, side, bob, 'grabPacket', { packetId, phrase: ' 芝麻开门  oPEN' });
    const restarted = await w.start();
    await done(w, restarted, carol, 'grabPacket', { packetId, phrase });
  });

  it('leaves nothing in the log that the phrase could be guessed from', async () => {
    const { w, side, alice, bob, chat } = await group();
    const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(chat, { phrase }));
    const commandId = w.runtime.ids.next();
    await done(w, side, bob, 'grabPacket', { packetId, phrase }, { commandId });
    const log = JSON.stringify(w.log.events.map(({ data, metadata }) => [data, metadata]));
    expect(log).not.toContain('芝麻');
    // What the grab is recognised by is the same whatever the phrase was.
    const [grabbed] = eventsOf(w, 'PacketGrabbed');
    const other = await group();
    const plain = await done(other.w, other.side, other.alice, 'sendPacket', packetRequest(other.chat));
    await done(other.w, other.side, other.bob, 'grabPacket', { packetId: plain.packetId });
    const [without] = eventsOf(other.w, 'PacketGrabbed');
    expect(grabbed?.metadata.bodyHash).toBe(without?.metadata.bodyHash);
  });

  it('gives five wrong tries a minute, also at the same time', async () => {
    const { w, side, alice, bob, carol, chat } = await group();
    const { packetId } = await done(
      w,
      side,
      alice,
      'sendPacket',
      packetRequest(chat, { phrase, ttlSeconds: 600 }),
    );
    const tries = await Promise.all(
      Array.from({ length: 7 }, (_, index) =>
        ask(w, side, bob, 'grabPacket', { packetId, phrase: `guess ${index}` }),
      ),
    );
    const codes = tries.map((outcome) => ('code' in outcome ? outcome.code : outcome.kind)).sort();
    expect(codes).toEqual([...Array(5).fill('phrase-wrong'), 'too-many-tries', 'too-many-tries']);
    expect(await ask(w, side, bob, 'grabPacket', { packetId, phrase })).toMatchObject({
      code: 'too-many-tries',
    });
    await done(w, side, carol, 'grabPacket', { packetId, phrase });
    await w.runtime.advance(60_000);
    await done(w, side, bob, 'grabPacket', { packetId, phrase });
  });

  it.each(['', '   ', 'x'.repeat(41)])('is not sent with the phrase %j', async (none) => {
    const { w, side, alice, chat } = await group();
    expect(await ask(w, side, alice, 'sendPacket', packetRequest(chat, { phrase: none }))).toMatchObject({
      code: 'phrase-invalid',
    });
    expect(eventsOf(w, 'PacketFunded')).toEqual([]);
  });
});

describe('thanks', () => {
  it('are said once by who has a share, and readable by nobody without the key', async () => {
    const { w, side, alice, bob, carol, chat } = await group();
    const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(chat));
    await done(w, side, bob, 'grabPacket', { packetId });
    const thanks = { packetId, note: 'how kind' };
    const commandId = w.runtime.ids.next();
    await done(w, side, bob, 'thankForPacket', thanks, { commandId });
    await done(w, side, bob, 'thankForPacket', thanks, { commandId });
    expect(await ask(w, side, bob, 'thankForPacket', thanks)).toMatchObject({ code: 'already-thanked' });
    expect(await ask(w, side, carol, 'thankForPacket', thanks)).toMatchObject({ code: 'no-share' });
    const events = eventsOf(w, 'PacketThanked');
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events.map(({ data, metadata }) => [data, metadata]))).not.toContain('kind');
  });
});

describe('the limits of a day', () => {
  const day = (fenMax: number, countMax = 100) => ({ fenMax, countMax });
  const send = (it: Group, id: string, totalFen: number) =>
    ask(it.w, it.side, it.alice, 'sendPacket', {
      ...packetRequest(it.chat, { totalFen, count: 2, ttlSeconds: 3 * 86_400 }),
      clientMsgId: messageId(id),
    });

  it('hold for what is sent, exactly, and end with the day', async () => {
    const it = await group({ packetLimits: { ...defaultPacketLimits, sentPerDay: day(1_000) } });
    expect(await send(it, 'a', 700)).toMatchObject({ kind: 'accepted' });
    expect(await send(it, 'b', 301)).toMatchObject({ code: 'daily-limit' });
    expect(await send(it, 'c', 300)).toMatchObject({ kind: 'accepted' });
    expect(await send(it, 'a', 700)).toMatchObject({ kind: 'accepted' });
    expect(await send(it, 'd', 2)).toMatchObject({ code: 'daily-limit' });
    await it.w.runtime.advance(86_400_000);
    expect(await send(it, 'e', 1_000)).toMatchObject({ kind: 'accepted' });
  });

  it('keep whoever has received enough from grabbing, and never a credit from its wallet', async () => {
    const it = await group({ packetLimits: { ...defaultPacketLimits, receivedPerDay: day(1_000_000, 1) } });
    it.side.startProcessManagers();
    const first = await done(
      it.w,
      it.side,
      it.alice,
      'sendPacket',
      packetRequest(it.chat, { ttlSeconds: 600 }),
    );
    const { amountFen } = await done(it.w, it.side, it.bob, 'grabPacket', { packetId: first.packetId });
    await it.w.runtime.advance(1_000);
    const second = await send(it, 'second', 100);
    if (second.kind !== 'accepted') throw new Error(JSON.stringify(second));
    const { packetId } = second.answer;
    expect(await ask(it.w, it.side, it.bob, 'grabPacket', { packetId })).toMatchObject({
      code: 'daily-limit',
    });
    await done(it.w, it.side, it.carol, 'grabPacket', { packetId });
    expect(eventsOf(it.w, 'GrabCredited')[0]?.data).toMatchObject({ userId: it.bob.userId, amountFen });
    await it.w.runtime.settle(it.side.close());
  });
});
