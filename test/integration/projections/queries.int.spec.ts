import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../../src/domain/events.ts';
import type { ConversationId, UserId } from '../../../src/domain/ids.ts';
import { directConversationId } from '../../../src/domain/ids.ts';
import { streams } from '../../../src/domain/streams.ts';
import { walletDecider } from '../../../src/domain/wallet/wallet-decider.ts';
import { accountsByIds } from '../../../src/projections/queries/account-queries.ts';
import {
  blocksPage,
  friendRequestsPage,
  friendsPage,
} from '../../../src/projections/queries/friend-queries.ts';
import {
  groupForMember,
  groupMembersPage,
  groupsForMember,
  groupsOfUserPage,
} from '../../../src/projections/queries/group-queries.ts';
import { type InboxCursor, inboxPage } from '../../../src/projections/queries/inbox-queries.ts';
import { groupsOfUsers, isParticipant } from '../../../src/projections/queries/membership-queries.ts';
import { messagesPage } from '../../../src/projections/queries/message-queries.ts';
import type { PacketCursor } from '../../../src/projections/queries/packet-queries.ts';
import {
  packetForUser,
  receivedSharesPage,
  sentPacketsPage,
  yearlyRecord,
} from '../../../src/projections/queries/packet-queries.ts';
import { cursorsOf, receiptsPage } from '../../../src/projections/queries/receipt-queries.ts';
import { walletBalance, walletStatementPage } from '../../../src/projections/queries/wallet-queries.ts';
import {
  alice,
  aliceAndBob,
  bob,
  carol,
  dave,
  deviceId,
  groupChat,
  groupId,
  packetId,
  sealed,
  theGroup,
  userId,
} from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { HistoryWriter } from '../../support/random-history.ts';
import { type ReadSide, startReadSide, untilTrue } from './support.ts';

let database: TestDatabase;
let side: ReadSide;
let writer: HistoryWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  side = startReadSide(database.pool);
  writer = new HistoryWriter(side.log);
});
afterAll(async () => {
  await side.stop();
  await database.drop();
});

async function befriend(a: UserId, b: UserId): Promise<void> {
  await writer.friends(a, b, { type: 'RequestFriend', by: a, other: b, note: null });
  await writer.friends(a, b, { type: 'AcceptFriend', by: b, other: a });
}

const receipt = (user: UserId, conversationId: ConversationId, read: number): DomainEvent => ({
  type: 'ReceiptsAdvanced',
  data: { cursors: [{ userId: user, deviceId: deviceId(1), conversationId, delivered: read, read }] },
});

async function allPages<Row, Cursor>(
  page: (after: Cursor | undefined) => Promise<{ rows: readonly Row[]; next?: Cursor } | undefined>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let after: Cursor | undefined;
  do {
    const found = (await page(after))!;
    rows.push(...found.rows);
    after = found.next;
  } while (after !== undefined);
  return rows;
}

describe('friends', () => {
  it('come in pages by id, each friend once, none beyond the last page', async () => {
    const owner = userId(500);
    const friends = Array.from({ length: 7 }, (_, number) => userId(510 + number));
    for (const friend of friends) await befriend(owner, friend);
    await side.settled();
    const rows = await allPages((after: UserId | undefined) =>
      friendsPage(database.pool, owner, { limit: 3, ...(after && { after }) }),
    );
    expect(rows.map(({ friendId }) => friendId)).toEqual(friends);
    expect(await friendsPage(database.pool, friends[0]!)).toMatchObject({ rows: [{ friendId: owner }] });
  });

  it('stand as requests with both until they are answered, and as blocks with the one who blocks', async () => {
    const [from, to] = [userId(520), userId(521)];
    const note = sealed('hello', from);
    await writer.friends(from, to, { type: 'RequestFriend', by: from, other: to, note });
    await writer.friends(from, to, { type: 'BlockUser', by: to, other: from });
    await side.settled();
    const request = { rows: [{ fromId: from, toId: to, note }] };
    expect(await friendRequestsPage(database.pool, to, 'incoming')).toMatchObject(request);
    expect(await friendRequestsPage(database.pool, from, 'outgoing')).toMatchObject(request);
    expect(await friendRequestsPage(database.pool, from, 'incoming')).toEqual({ rows: [] });
    expect(await blocksPage(database.pool, to)).toMatchObject({ rows: [{ blockedId: from }] });
    expect(await blocksPage(database.pool, from)).toEqual({ rows: [] });
  });
});

describe('a group', () => {
  it('is shown to its members, and to nobody else', async () => {
    await writer.group(theGroup, {
      type: 'CreateGroup',
      groupId: theGroup,
      by: alice,
      name: sealed('g', theGroup),
      memberIds: [bob, carol],
    });
    await side.settled();
    expect(await groupForMember(database.pool, bob, theGroup)).toMatchObject({
      ownerId: alice,
      memberCount: 3,
    });
    expect(await groupForMember(database.pool, dave, theGroup)).toBeUndefined();
    expect(await groupMembersPage(database.pool, dave, theGroup)).toBeUndefined();
    const members = await allPages((after: UserId | undefined) =>
      groupMembersPage(database.pool, carol, theGroup, { limit: 2, ...(after && { after }) }),
    );
    expect(members.map((member) => [member.userId, member.role])).toEqual([
      [alice, 'owner'],
      [bob, 'member'],
      [carol, 'member'],
    ]);
    expect(await groupMembersPage(database.pool, alice, theGroup, { after: carol })).toEqual({ rows: [] });
    expect((await groupsOfUserPage(database.pool, bob)).rows.map(({ groupId }) => groupId)).toEqual([
      theGroup,
    ]);
    expect(await messagesPage(database.pool, dave, groupChat)).toBeUndefined();
    expect(
      (await groupsForMember(database.pool, bob, [theGroup, groupId(78)])).map((row) => row.groupId),
    ).toEqual([theGroup]);
    expect(await groupsForMember(database.pool, dave, [theGroup])).toEqual([]);
    expect(await isParticipant(database.pool, dave, groupChat)).toBe(false);
    const [{ memberCount } = { memberCount: 0 }] = (await groupsOfUserPage(database.pool, carol)).rows;
    expect(await groupsOfUsers(database.pool, [carol, dave])).toEqual([
      { userId: carol, groupId: theGroup, memberCount },
    ]);
    const newer = groupId(77);
    const name = sealed('g', newer);
    await writer.group(newer, { type: 'CreateGroup', groupId: newer, by: alice, name, memberIds: [carol] });
    await side.settled();
    const newest = await groupsOfUsers(database.pool, [alice, bob, carol], 1);
    expect(newest.map((row) => [row.userId, row.groupId])).toEqual(
      expect.arrayContaining([
        [alice, newer],
        [bob, theGroup],
        [carol, newer],
      ]),
    );
    expect(newest).toHaveLength(3);
  });
});

describe('the inbox', () => {
  it('has the latest conversation first, with unread counts that leave out one’s own messages', async () => {
    const user = userId(600);
    const others = [userId(601), userId(602), userId(603)];
    for (const other of others) await befriend(user, other);
    const chats = others.map((other) => directConversationId(user, other));
    // seq 1 is the notice; 2..4 by the other, 5 own, 6 by the other.
    for (const number of [1, 2, 3]) await writer.message(chats[0]!, others[0]!, number);
    await writer.message(chats[0]!, user, 4);
    await writer.message(chats[0]!, others[0]!, 5);
    await writer.append(streams.receipts(0), [receipt(user, chats[0]!, 2)]);
    await writer.play([{ what: 1, one: 0, other: 0, number: 1_000 }]);
    await writer.message(chats[2]!, others[2]!, 1);
    await side.settled();

    const rows = await allPages((after: InboxCursor | undefined) =>
      inboxPage(database.pool, user, { limit: 1, ...(after && { after }) }),
    );
    expect(rows.map(({ conversationId }) => conversationId)[0]).toBe(chats[2]);
    expect(new Set(rows.map(({ conversationId }) => conversationId))).toEqual(new Set(chats));
    const byChat = new Map(rows.map((row) => [row.conversationId, row]));
    expect(byChat.get(chats[0]!)).toMatchObject({ headSeq: 6, read: 2, unread: 3, last: { seq: 6 } });
    expect(byChat.get(chats[1]!)).toMatchObject({ unread: 0, last: { kind: 'notice' } });
    expect(byChat.get(chats[2]!)).toMatchObject({ unread: 1, read: 0 });
    // The sender has nothing unread but the other's own message.
    const [own] = (await inboxPage(database.pool, others[0]!)).rows;
    expect(own).toMatchObject({ unread: 1 });
  });

  it('counts from the joining for those who came late', async () => {
    await writer.message(groupChat, alice, 1);
    await writer.message(groupChat, alice, 2);
    await writer.group(theGroup, { type: 'InviteMembers', by: alice, userIds: [dave] });
    await writer.message(groupChat, alice, 3);
    await side.settled();
    const ofDave = (await inboxPage(database.pool, dave)).rows;
    const place = ofDave.find(({ conversationId }) => conversationId === groupChat);
    // The notice of the joining stands right before the one message after it.
    expect(place).toMatchObject({ unread: 1, read: 0, startSeq: (place?.headSeq ?? 0) - 1 });
    const ofBob = (await inboxPage(database.pool, bob)).rows;
    expect(ofBob.find(({ conversationId }) => conversationId === groupChat)).toMatchObject({
      unread: 3,
      startSeq: 0,
    });
  });
});

describe('messages', () => {
  it('are read forwards from a seq, and backwards from the end, without gaps', async () => {
    await befriend(alice, bob);
    for (let number = 1; number <= 9; number++) await writer.message(aliceAndBob, alice, number);
    await side.settled();
    const forwards = await allPages((after: number | undefined) =>
      messagesPage(database.pool, bob, aliceAndBob, { afterSeq: after ?? 2, limit: 3 }),
    );
    expect(forwards.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    const backwards = await allPages((before: number | undefined) =>
      messagesPage(database.pool, bob, aliceAndBob, { limit: 4, ...(before && { beforeSeq: before }) }),
    );
    expect(backwards.map(({ seq }) => seq)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await messagesPage(database.pool, carol, aliceAndBob)).toBeUndefined();
    const noSuch = 'group:nonsense' as ConversationId;
    expect(await messagesPage(database.pool, alice, noSuch)).toBeUndefined();
  });

  it('have receipts, for those who take part', async () => {
    await writer.append(streams.receipts(1), [receipt(bob, aliceAndBob, 4)]);
    await side.settled();
    const page = await receiptsPage(database.pool, alice, aliceAndBob);
    expect(page).toEqual({ rows: [{ conversationId: aliceAndBob, userId: bob, delivered: 4, read: 4 }] });
    expect(await receiptsPage(database.pool, carol, aliceAndBob)).toBeUndefined();
    expect(await cursorsOf(database.pool, bob, [aliceAndBob, groupChat])).toMatchObject([{ read: 4 }]);
  });
});

describe('wallets and packets', () => {
  it('are shown to those whom they concern', async () => {
    const deposit = { userId: alice, amountFen: 5_000, providerRef: 'ref' };
    await writer.append(streams.wallet(alice), [
      { type: 'WalletOpened', data: { userId: alice } },
      { type: 'FundsDeposited', data: deposit },
      { type: 'FundsWithdrawn', data: { ...deposit, amountFen: 700 } },
    ]);
    await side.settled();
    expect(await walletBalance(database.pool, alice)).toBe(4_300);
    expect(await walletBalance(database.pool, dave)).toBeUndefined();
    const entries = await allPages((before: number | undefined) =>
      walletStatementPage(database.pool, alice, { limit: 1, ...(before && { before }) }),
    );
    expect(entries.map(({ amountFen, balanceFen }) => [amountFen, balanceFen])).toEqual([
      [-700, 4_300],
      [5_000, 5_000],
    ]);
  });

  it('a packet is shown to its conversation with its grabs, without the seed while it is open', async () => {
    const sender = userId(700);
    await writer.decide(streams.wallet(sender), walletDecider, { type: 'OpenWallet', userId: sender });
    await writer.deposit(sender, 5_000);
    await writer.sendPacket(sender, groupChat, 602);
    await writer.grab(bob, 0);
    await side.settled();
    const details = await packetForUser(database.pool, carol, packetId(1));
    expect(details).toMatchObject({ packet: { state: 'open', remainingShares: 2, seed: null } });
    expect(details?.grabs.map((grab) => grab.userId)).toEqual([bob]);
    expect(details!.packet.remainingFen + details!.grabs[0]!.amountFen).toBe(details!.packet.totalFen);
    expect(await packetForUser(database.pool, userId(999), packetId(1))).toBeUndefined();
    expect(await packetForUser(database.pool, sender, packetId(1))).toBeDefined();
  });

  it('are listed for who sent and who received them, newest first, in pages', async () => {
    const sender = userId(800);
    await writer.deposit(sender, 5_000);
    for (const number of [603, 604, 605]) {
      await writer.sendPacket(sender, groupChat, number);
      await writer.grab(dave, number - 602);
    }
    await side.settled();
    const sent = await allPages((before: PacketCursor | undefined) =>
      sentPacketsPage(database.pool, sender, { limit: 2, ...(before && { before }) }),
    );
    expect(sent.map((packet) => packet.packetId)).toEqual([packetId(4), packetId(3), packetId(2)]);
    const received = await allPages((before: PacketCursor | undefined) =>
      receivedSharesPage(database.pool, dave, { limit: 2, ...(before && { before }) }),
    );
    expect(received.map(({ grab, packet }) => [grab.packetId, packet.senderId])).toEqual(
      [4, 3, 2].map((number) => [packetId(number), sender]),
    );
    expect(received[0]!.grab.amountFen).toBeGreaterThan(0);
    const year = new Date(sent[0]!.sentAtMs).getUTCFullYear();
    const totalFen = sent.reduce((sum, packet) => sum + packet.totalFen, 0);
    expect(await yearlyRecord(database.pool, sender, year)).toMatchObject({
      sentCount: 3,
      sentFen: totalFen,
    });
    const shares = received.map(({ grab }) => grab.amountFen);
    expect(await yearlyRecord(database.pool, dave, year)).toMatchObject({
      receivedCount: 3,
      receivedFen: shares.reduce((sum, fen) => sum + fen, 0),
      bestFen: Math.max(...shares),
    });
    expect(await yearlyRecord(database.pool, dave, year + 1)).toMatchObject({ receivedCount: 0, sentFen: 0 });
  });

  it('a packet and its grabs are of one moment, however a grab falls between', async () => {
    const held = await database.pool.connect();
    try {
      await held.query('begin');
      await held.query('lock table read.packet_grab in access exclusive mode');
      await held.query('update read.packet set remaining_shares = 1 where packet_id = $1', [packetId(1)]);
      await held.query(
        `insert into read.packet_grab (packet_id, share_index, user_id, amount_fen, time_ms)
         values ($1, 1, $2, 1, 0)`,
        [packetId(1), carol],
      );
      const reading = packetForUser(database.pool, bob, packetId(1));
      await untilTrue(async () => {
        const { rows } = await database.pool.query(
          `select from pg_locks where mode = 'AccessShareLock' and not granted`,
        );
        return rows.length > 0;
      });
      await held.query('commit');
      const details = await reading;
      expect(details!.packet.remainingShares).toBe(details!.packet.count - details!.grabs.length);
      expect(details!.grabs).toHaveLength(2);
    } finally {
      held.release();
    }
  });
});

describe('accounts', () => {
  it('are found by id; those that do not exist are left out', async () => {
    const nickname = sealed('n', alice);
    await writer.account(alice, {
      type: 'RegisterAccount',
      userId: alice,
      username: sealed('u', alice),
      nickname,
    });
    await side.settled();
    const found = await accountsByIds(database.pool, [alice, userId(998)]);
    expect(found).toMatchObject([{ userId: alice, nickname, frozen: false, closed: false }]);
  });
});
