import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, PacketId } from '../../src/domain/ids.ts';
import {
  befriend,
  freshMessageId,
  freshNonce,
  hasReceived,
  type Person,
  register,
  say,
  textsOf,
  topUp,
} from '../support/people.ts';
import { differencesFromOracle, scrambleReadTables } from '../support/read-tables.ts';
import { runCli } from '../support/run-cli.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** The story of the README, over real WebSockets against the whole of hongbao. The steps build on each other. */
describe('Alice, Bob and Carol', () => {
  let server: TestServer;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let chat: ConversationId;
  let group: ConversationId;
  let packetId: PacketId;
  let grabbedFen = { bob: 0, carol: 0 };

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(async () => {
    for (const person of [alice, bob, carol]) person?.client.disconnect();
    await server?.close();
  });

  it('register and log in', async () => {
    [alice, bob, carol] = await Promise.all([
      register('Alice', server.url),
      register('Bob', server.url),
      register('Carol', server.url),
    ]);
    const me = await alice.client.me();
    expect(me.user).toEqual({ userId: alice.userId, username: alice.username, nickname: 'Alice' });
  });

  it('become friends: Alice asks with a note, Bob accepts', async () => {
    const asked = bob.client.next('friend');
    await alice.client.request('requestFriend', { userId: bob.userId, note: 'We met at the fair' });
    expect(await asked).toMatchObject({ list: 'incoming', entry: { note: 'We met at the fair' } });

    const told = alice.client.next('friend', (friend) => friend.list === 'friends');
    const { data, position } = await bob.client.request('acceptFriend', { userId: alice.userId });
    expect(await told).toMatchObject({ userId: bob.userId, entry: { user: { nickname: 'Bob' } } });
    const { items } = await alice.client.friends({ afterPosition: position });
    expect(items.map((friend) => friend.user.userId)).toEqual([bob.userId]);
    chat = data.conversationId;
  });

  it('chat, and Bob gets what he missed while he was offline once and in order', async () => {
    await hasReceived(bob, chat, await say(alice, chat, 'hello'));
    bob.client.disconnect();
    let lastSeq = 0;
    for (const text of ['one', 'two', 'three']) lastSeq = await say(alice, chat, text);
    const inbox = await bob.client.inbox();
    await bob.client.connect();
    await hasReceived(bob, chat, lastSeq);
    expect(textsOf(bob, chat)).toEqual(['hello', 'one', 'two', 'three']);
    expect(inbox.items.find((entry) => entry.conversationId === chat)).toBeDefined();
  });

  it('see acknowledgements and read receipts', async () => {
    const seq = await say(alice, chat, 'have you seen this?');
    const reached = (what: 'delivered' | 'read') =>
      alice.client.next(
        'receipt',
        (receipt) => receipt.conversationId === chat && receipt.userId === bob.userId && receipt[what] >= seq,
      );
    const read = reached('read');
    await hasReceived(bob, chat, seq);
    bob.client.markRead(chat, seq);
    expect(await read).toMatchObject({ userId: bob.userId, read: seq });
    const inbox = await bob.client.inbox();
    expect(inbox.items.find((entry) => entry.conversationId === chat)).toMatchObject({
      unread: 0,
      read: seq,
    });
  });

  it('chat in a group that Alice makes with both', async () => {
    await befriend(alice, carol);
    const { data } = await alice.client.request('createGroup', {
      name: 'Holidays',
      memberIds: [bob.userId, carol.userId],
    });
    group = data.conversationId;
    const seq = await say(bob, group, 'Nice group');
    await Promise.all([hasReceived(alice, group, seq), hasReceived(carol, group, seq)]);
    expect(textsOf(carol, group)).toEqual(['Nice group']);
  });

  it('share a lucky packet: Bob and Carol grab at the same moment, and balances are right', async () => {
    await topUp(alice, 10_000);
    const { data: packet, position: sentAt } = await alice.client.request('sendPacket', {
      conversationId: group,
      clientMsgId: freshMessageId(),
      kind: 'lucky',
      totalFen: 888,
      count: 3,
      ttlSeconds: 10,
      receivers: [],
      greeting: 'Best wishes',
      nonce: freshNonce(),
    });
    packetId = packet.packetId;
    const [byBob, byCarol] = await Promise.all([
      bob.client.request('grabPacket', { packetId }),
      carol.client.request('grabPacket', { packetId }),
    ]);
    grabbedFen = { bob: byBob.data.amountFen, carol: byCarol.data.amountFen };
    expect(new Set([byBob.data.shareIndex, byCarol.data.shareIndex])).toEqual(new Set([0, 1]));
    expect(await alice.client.wallet({ afterPosition: sentAt })).toEqual({ balanceFen: 10_000 - 888 });

    // The credits follow from the packet's events: wait for the later of them.
    const credited = async (person: Person, fen: number): Promise<void> => {
      const arrived = person.client.next('wallet', (wallet) => wallet.balanceFen === fen);
      if ((await person.client.wallet()).balanceFen !== fen) await arrived;
      else arrived.catch(() => undefined);
    };
    await credited(bob, grabbedFen.bob);
    await credited(carol, grabbedFen.carol);
    const { position } = byBob.data.shareIndex === 1 ? byBob : byCarol;
    const shown = await bob.client.packet(packetId, { afterPosition: position });
    expect(shown).toMatchObject({ state: 'open', taken: 2, count: 3 });
  });

  it('get the rest back at the expiry second: Alice is told over the socket', async () => {
    const [refund] = await Promise.all([
      alice.client.next(
        'wallet',
        (wallet) => wallet.entries.some((entry) => entry.kind === 'refund'),
        60_000,
      ),
      alice.client.next('packet', (packet) => packet.state === 'refunded', 60_000),
    ]);
    const restFen = 888 - grabbedFen.bob - grabbedFen.carol;
    const entry = refund.entries.find((candidate) => candidate.kind === 'refund');
    expect(entry).toMatchObject({ amountFen: restFen, packetId });
    expect(refund.balanceFen).toBe(10_000 - 888 + restFen);

    const packet = await alice.client.packet(packetId);
    expect(packet).toMatchObject({ state: 'refunded', refundedFen: restFen });
    expect(packet.endedAtMs).toBeGreaterThanOrEqual(packet.expiresAtSecond * 1000);
    expect(entry?.timeMs).toBeGreaterThanOrEqual(packet.expiresAtSecond * 1000);
  });

  it('can recompute the shares with `hongbao verify`', async () => {
    const { code, stdout } = await runCli(['verify', packetId], server.env);
    expect(stdout).toContain('The shares follow from the seed');
    expect(stdout).not.toContain('FAILED');
    expect(code).toBe(0);
  });

  it('pass the audit', async () => {
    const { code, stdout } = await runCli(['audit', '--json'], server.env);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ violations: [], differences: [], terms: { depositedFen: 10_000 } });
    expect(code).toBe(0);
  });

  it('read the same after every read table was scrambled and rebuilt while the server runs', async () => {
    const endpoints = server.endpoints();
    await scrambleReadTables(endpoints);
    expect(await differencesFromOracle(endpoints)).not.toEqual([]);

    const { code } = await runCli(['rebuild'], server.env);
    expect(code).toBe(0);
    expect(await differencesFromOracle(endpoints)).toEqual([]);
    expect((await alice.client.messages(chat)).items.length).toBeGreaterThan(5);
  });

  it('find everything again after a restart', async () => {
    const before = await alice.client.messages(chat);
    await server.restart();
    await alice.client.connect();
    expect(await alice.client.messages(chat)).toEqual(before);
    expect(await differencesFromOracle(server.endpoints())).toEqual([]);
  });
});
