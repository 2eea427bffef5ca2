import { describe, expect, it, vi } from 'vitest';
import type { GroupId, UserId } from '../../src/domain/ids.ts';
import { directConversationId } from '../../src/domain/ids.ts';
import { streams } from '../../src/domain/streams.ts';
import type { Person, Process, World } from './support/write-side-world.ts';
import {
  ask,
  befriended,
  done,
  eventsOf,
  messageId,
  moneyIn,
  packetRequest,
  registered,
  text,
  world,
} from './support/write-side-world.ts';

async function friends(): Promise<{
  w: World;
  side: Process;
  alice: Person;
  bob: Person;
  carol: Person;
  chat: Awaited<ReturnType<typeof befriended>>;
}> {
  const w = world();
  const side = await w.start();
  const alice = await registered(side, 'alice');
  const bob = await registered(side, 'bob');
  const carol = await registered(side, 'carol');
  const chat = await befriended(w, side, alice, bob);
  return { w, side, alice, bob, carol, chat };
}

describe('the write side', () => {
  it('plays the story: friends, a group, a packet, two grabs, a refund, and every fen is accounted for', async () => {
    const { w, side, alice, bob, carol } = await friends();
    side.startProcessManagers();
    const memberIds = [bob.userId, carol.userId];
    const { conversationId } = await done(w, side, alice, 'createGroup', { name: 'family', memberIds });
    await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
    const sent = await done(w, side, alice, 'sendPacket', packetRequest(conversationId, { count: 3 }));

    const grabs = await Promise.all([
      ask(w, side, bob, 'grabPacket', { packetId: sent.packetId }),
      ask(w, side, carol, 'grabPacket', { packetId: sent.packetId }),
    ]);
    expect(grabs.map((grab) => grab.kind)).toEqual(['accepted', 'accepted']);
    expect(await side.refunds.refundPacket(sent.packetId)).toMatchObject({ kind: 'not-expired' });

    await w.runtime.advance(sent.expiresAtSecond * 1000 - w.runtime.clock.nowMs());
    expect(await ask(w, side, alice, 'grabPacket', { packetId: sent.packetId })).toMatchObject({
      kind: 'rejected',
      code: 'packet-expired',
    });
    expect(await side.refunds.refundPacket(sent.packetId)).toEqual({ kind: 'ended', refunded: true });
    expect(await side.refunds.refundPacket(sent.packetId)).toEqual({ kind: 'ended', refunded: true });
    await w.runtime.advance(1_000);

    expect(eventsOf(w, 'PacketRefunded')).toHaveLength(1);
    const money = moneyIn(w);
    expect(money).toMatchObject({ deposited: 5_000, inWallets: 5_000, inPackets: 0, underWay: 0 });
    expect([...money.balances.values()].every((fen) => fen > 0)).toBe(true);
    await w.runtime.settle(side.close());
    expect(w.runtime.pendingTimers).toBe(0);
  });

  it('gives a repeated clientMsgId the same seq, whatever request brings it', async () => {
    const { w, side, alice, chat } = await friends();
    const message = { conversationId: chat, clientMsgId: messageId('m1'), content: text('hi') };
    const first = await done(w, side, alice, 'sendMessage', message);
    const again = await done(w, side, alice, 'sendMessage', message);
    const restarted = await w.start();
    const afterRestart = await done(w, restarted, alice, 'sendMessage', message, { retry: true });
    expect(again).toEqual(first);
    expect(afterRestart).toEqual(first);
    expect(eventsOf(w, 'MessageSent')).toHaveLength(1);
  });

  it('refuses another text under a used clientMsgId', async () => {
    const { w, side, alice, chat } = await friends();
    const clientMsgId = messageId('m1');
    await done(w, side, alice, 'sendMessage', { conversationId: chat, clientMsgId, content: text('hi') });
    const other = { conversationId: chat, clientMsgId, content: text('something else') };
    expect(await ask(w, side, alice, 'sendMessage', other)).toMatchObject({ code: 'command-id-reused' });
    expect(
      await ask(w, side, alice, 'sendPacket', packetRequest(chat, { clientMsgId, count: 1 })),
    ).toMatchObject({ code: 'command-id-reused' });
    expect(eventsOf(w, 'PacketFunded')).toHaveLength(0);
  });

  it('gives an accepted send its answer again even after the sender was removed', async () => {
    const { w, side, alice, bob } = await friends();
    const group = await done(w, side, alice, 'createGroup', { name: 'g', memberIds: [bob.userId] });
    const { conversationId, groupId } = group;
    const message = { conversationId, clientMsgId: messageId('m1'), content: text('hi') };
    const first = await done(w, side, bob, 'sendMessage', message);
    await done(w, side, alice, 'removeMember', { groupId, userId: bob.userId });
    expect(await done(w, side, bob, 'sendMessage', message)).toEqual(first);
    const next = { ...message, clientMsgId: messageId('m2') };
    expect(await ask(w, side, bob, 'sendMessage', next)).toMatchObject({ code: 'conversation-not-found' });
  });

  it('answers a repeated deposit with the balance of the first time', async () => {
    const { w, side, alice } = await friends();
    const commandId = w.runtime.ids.next();
    const request = { amountFen: 100, providerRef: 'a' };
    expect(await done(w, side, alice, 'deposit', request, { commandId })).toEqual({ balanceFen: 100 });
    await done(w, side, alice, 'deposit', { amountFen: 50, providerRef: 'b' });
    expect(await done(w, side, alice, 'deposit', request, { commandId })).toEqual({ balanceFen: 100 });
    const changed = { amountFen: 101, providerRef: 'a' };
    expect(await ask(w, side, alice, 'deposit', changed, { commandId })).toMatchObject({
      code: 'command-id-reused',
    });
  });

  it('reads no old history to answer a transfer again, however often it is repeated', async () => {
    const { w, side, alice } = await friends();
    const commandId = w.runtime.ids.next();
    const request = { amountFen: 1, providerRef: 'once' };
    await done(w, side, alice, 'deposit', { amountFen: 1_000, providerRef: 'top-up' });
    const first = await done(w, side, alice, 'withdraw', request, { commandId });
    for (let n = 0; n < 50; n += 1)
      await done(w, side, alice, 'withdraw', { amountFen: 1, providerRef: `w${n}` });
    let read = 0;
    const readStream = w.log.readStream.bind(w.log);
    vi.spyOn(w.log, 'readStream').mockImplementation(async function* (stream, options) {
      for await (const event of readStream(stream, options)) {
        if (stream === streams.wallet(alice.userId)) read += 1;
        yield event;
      }
    });
    const copies = 5;
    for (let n = 0; n < copies; n += 1)
      expect(await done(w, side, alice, 'withdraw', request, { commandId })).toEqual(first);
    // The events of the command itself, and at most the newest one.
    expect(read).toBeLessThanOrEqual(2 * copies);
    // The same transfer under another command's id is the same transfer.
    expect(await done(w, side, alice, 'withdraw', request)).toEqual(first);
  });

  it('takes nothing from a transfer request but what a transfer is made of', async () => {
    const { w, alice } = await friends();
    const production = await w.start({ sandboxMoney: false });
    const forged = { amountFen: 77, providerRef: 'r', type: 'Deposit', userId: 'someone' };
    expect(await ask(w, production, alice, 'withdraw', forged)).toMatchObject({ code: 'insufficient-funds' });
    expect(eventsOf(w, 'FundsDeposited')).toHaveLength(0);
  });

  it('keeps strangers out of conversations and packets', async () => {
    const { w, side, alice, carol, chat } = await friends();
    await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
    const { packetId } = await done(w, side, alice, 'sendPacket', packetRequest(chat, { count: 1 }));
    const message = { conversationId: chat, clientMsgId: messageId('m'), content: text('hi') };
    expect(await ask(w, side, carol, 'sendMessage', message)).toMatchObject({
      code: 'conversation-not-found',
    });
    expect(await ask(w, side, carol, 'grabPacket', { packetId })).toMatchObject({ code: 'packet-not-found' });
    const cursors = [{ conversationId: chat, delivered: 1, read: 1 }];
    expect(await ask(w, side, carol, 'ack', { cursors })).toMatchObject({ code: 'conversation-not-found' });
  });

  it('lets a removal take effect in another process within a second', async () => {
    const { w, side, alice, bob } = await friends();
    const other = await w.start();
    const { groupId, conversationId } = await done(w, side, alice, 'createGroup', {
      name: 'g',
      memberIds: [bob.userId],
    });
    const message = (id: string) => ({ conversationId, clientMsgId: messageId(id), content: text(id) });
    await done(w, other, bob, 'sendMessage', message('before'));
    await done(w, side, alice, 'removeMember', { groupId, userId: bob.userId });
    await w.runtime.advance(1_001);
    expect(await ask(w, other, bob, 'sendMessage', message('after'))).toMatchObject({
      code: 'conversation-not-found',
    });
  });

  it('lets whoever was let in by another process act at once', async () => {
    const { w, side, alice, carol } = await friends();
    const other = await w.start();
    await done(w, side, alice, 'requestFriend', { userId: carol.userId, note: '' });
    const conversationId = directConversationId(alice.userId, carol.userId);
    const message = { conversationId, clientMsgId: messageId('m'), content: text('hi') };
    expect(await ask(w, side, alice, 'sendMessage', message)).toMatchObject({ code: 'not-friends' });
    await done(w, other, carol, 'acceptFriend', { userId: alice.userId });
    await done(w, side, alice, 'sendMessage', message);
  });

  it('lets nobody out of a mute by leaving and being invited again', async () => {
    const { w, side, alice, bob, carol } = await friends();
    const memberIds = [bob.userId, carol.userId];
    const { groupId, conversationId } = await done(w, side, alice, 'createGroup', { name: 'g', memberIds });
    const untilMs = w.runtime.clock.nowMs() + 60_000;
    await done(w, side, alice, 'muteMember', { groupId, userId: bob.userId, untilMs });
    await done(w, side, bob, 'leaveGroup', { groupId });
    await done(w, side, carol, 'inviteMembers', { groupId, userIds: [bob.userId] });
    const say = (id: string) =>
      ask(w, side, bob, 'sendMessage', { conversationId, clientMsgId: messageId(id), content: text('x') });
    expect(await say('early')).toMatchObject({ code: 'muted' });
    await w.runtime.advance(60_000);
    expect(await say('late')).toMatchObject({ kind: 'accepted' });
  });

  it('sends nothing twice when send, funding and grab are asked for again', async () => {
    const { w, side, alice, bob, chat } = await friends();
    await done(w, side, alice, 'deposit', { amountFen: 5_000, providerRef: 'top-up' });
    const request = packetRequest(chat, { count: 1 });
    const first = await done(w, side, alice, 'sendPacket', request);
    await w.runtime.advance(2_000);
    expect(await done(w, side, alice, 'sendPacket', request)).toEqual(first);
    const commandId = w.runtime.ids.next();
    const grab = await done(w, side, bob, 'grabPacket', { packetId: first.packetId }, { commandId });
    expect(await done(w, side, bob, 'grabPacket', { packetId: first.packetId }, { commandId })).toEqual(grab);
    expect(await ask(w, side, bob, 'grabPacket', { packetId: first.packetId })).toMatchObject({
      code: 'already-grabbed',
    });
    expect(eventsOf(w, 'PacketFunded')).toHaveLength(1);
    expect(eventsOf(w, 'MessageSent')).toHaveLength(1);
  });

  it('gathers acknowledgements into one event and bounds them by the head', async () => {
    const { w, side, alice, bob, chat } = await friends();
    const { seq } = await done(w, side, alice, 'sendMessage', {
      conversationId: chat,
      clientMsgId: messageId('m'),
      content: text('hi'),
    });
    const upTo = (delivered: number) => ({ cursors: [{ conversationId: chat, delivered, read: 0 }] });
    const outcomes = await Promise.all([
      ask(w, side, bob, 'ack', upTo(seq)),
      ask(w, side, alice, 'ack', upTo(seq)),
      ask(w, side, bob, 'ack', upTo(0)),
      ask(w, side, bob, 'ack', upTo(seq + 1)),
    ]);
    expect(outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome.kind))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'cursor-beyond-head',
    ]);
    const cursors = eventsOf(w, 'ReceiptsAdvanced').flatMap(
      ({ data }) => (data as { cursors: { userId: string; delivered: number }[] }).cursors,
    );
    expect(cursors.filter(({ userId }) => userId === bob.userId)).toMatchObject([{ delivered: seq }]);
  });

  it('keeps nothing of acknowledgements that say nothing, of conversations that may never begin', async () => {
    const { w, side, bob } = await friends();
    const strangers = Array.from({ length: 200 }, () => w.runtime.ids.next() as UserId);
    const cursors = strangers.map((stranger) => ({
      conversationId: directConversationId(bob.userId, stranger),
      delivered: 0,
      read: 0,
    }));
    expect(await ask(w, side, bob, 'ack', { cursors })).toMatchObject({ kind: 'accepted' });
    expect(eventsOf(w, 'ReceiptsAdvanced')).toEqual([]);
  });

  it('makes no data key for a group that does not exist', async () => {
    const { w, side, alice } = await friends();
    const keys = vi.spyOn(w.vault, 'ensureDataKey');
    const groupId = w.runtime.ids.next() as GroupId;
    for (const [type, request] of [
      ['renameGroup', { groupId, name: 'mine' }],
      ['setAnnouncement', { groupId, text: 'hear' }],
    ] as const) {
      expect(await ask(w, side, alice, type, request)).toMatchObject({ code: 'group-not-found' });
    }
    expect(keys.mock.calls.filter(([subject]) => subject === groupId)).toEqual([]);
  });

  it('leaves no readable text and no hash of one in the log', async () => {
    const { w, side, alice, chat } = await friends();
    await done(w, side, alice, 'sendMessage', {
      conversationId: chat,
      clientMsgId: messageId('m'),
      content: text('the secret words'),
    });
    const log = JSON.stringify(w.log.events.map(({ data, metadata }) => ({ data, metadata })));
    for (const secret of ['secret words', 'alice', 'hello', 'phone', 'quick:'])
      expect(log).not.toContain(secret);
  });
});
