import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import { closeCodes } from '../../../src/protocol/close-codes.ts';
import { type ConversationId, groupConversationId, type PacketId } from '../../../src/domain/ids.ts';
import { audienceOf } from '../../../src/projections/changes.ts';
import {
  conversationOf,
  type FakeBackEnd,
  type FakeUser,
  fakeBackEnd,
  type RunningGateway,
  seal,
  startGateway,
} from '../../gateway/support/fake-back-end.ts';
import { type AnyFrame, openSocket, type RawSocket } from '../../gateway/support/raw-socket.ts';

/** Who is told what: by membership at that moment, and whatever becomes of bus and sockets. */
describe('updates', () => {
  let backEnd: FakeBackEnd;
  let gateway: RunningGateway;
  let alice: FakeUser;
  let bob: FakeUser;
  let carol: FakeUser;
  const sockets: RawSocket[] = [];

  beforeEach(async () => {
    backEnd = fakeBackEnd();
    [alice, bob, carol] = [backEnd.addUser('alice'), backEnd.addUser('bob'), backEnd.addUser('carol')];
    gateway = await startGateway(backEnd);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.webSocket.terminate();
    await gateway.close();
  });

  async function connected(user: FakeUser): Promise<RawSocket> {
    const socket = await openSocket(gateway.url);
    sockets.push(socket);
    expect((await socket.hello(user.token)).ok).toBe(true);
    return socket;
  }

  const textOf = (frame: AnyFrame) => (frame.data as { text?: string } | undefined)?.text;
  const text = (socket: RawSocket, wanted: string) =>
    socket.frame((frame) => frame.type === 'message' && textOf(frame) === wanted);
  const texts = (socket: RawSocket) =>
    socket.frames.flatMap((frame) => (frame.type === 'message' ? [textOf(frame)] : []));
  /** Everything that was published before has arrived when this has. */
  const marker = async (socket: RawSocket, to: FakeUser, name: string) => {
    backEnd.write(conversationOf(to, alice === to ? bob : alice), alice.userId, name);
    await text(socket, name);
  };

  /** An update of another read model arrives: what waits for nothing has been sent by then. */
  const otherUpdate = async (socket: RawSocket, user: FakeUser) => {
    backEnd.setAccount(user.userId, {});
    await socket.frame((frame) => frame.type === 'account');
  };

  it('of a direct conversation reach every device of both, and nobody else', async () => {
    const all = [await connected(alice), await connected(bob), await connected(bob)];
    const stranger = await connected(carol);
    backEnd.write(conversationOf(alice, bob), alice.userId, 'for two');
    await Promise.all(all.map((socket) => text(socket, 'for two')));
    await marker(stranger, carol, 'for carol');
    expect(texts(stranger)).toEqual(['for carol']);
  });

  it('of a group reach its members; who joins gets them from then on, who is removed nothing more', async () => {
    const [a, b, c] = [await connected(alice), await connected(bob), await connected(carol)];
    const groupId = backEnd.addGroup('Team', alice, [bob]);
    const chat = groupConversationId(groupId);
    backEnd.write(chat, alice.userId, 'one');
    await Promise.all([text(a, 'one'), text(b, 'one')]);

    backEnd.removeFromGroup(groupId, bob);
    backEnd.write(chat, alice.userId, 'two');
    await text(a, 'two');
    const last = await b.frame(
      (frame) =>
        frame.type === 'group' && (frame.data as { leftUserIds: string[] }).leftUserIds.includes(bob.userId),
    );
    expect(last.data).toMatchObject({ group: { name: 'Team' }, leftUserIds: [bob.userId] });
    await marker(b, bob, 'end');
    expect(texts(b)).toEqual(['one', 'end']);
    expect(texts(c)).toEqual([]);
  });

  it('of a group wait until the memberships are as new as they: who has joined gets them', async () => {
    const groupId = backEnd.addGroup('Team', alice, []);
    const chat = groupConversationId(groupId);
    const [a, b] = [await connected(alice), await connected(bob)];
    backEnd.holdGroups();
    backEnd.addToGroup(groupId, bob);
    backEnd.write(chat, alice.userId, 'one');
    backEnd.write(chat, alice.userId, 'two');
    await otherUpdate(a, alice);
    backEnd.releaseGroups();
    await text(b, 'two');
    expect(texts(b)).toEqual(['one', 'two']);
  });

  it('of a group wait until the memberships are as new as they: who was removed does not get them', async () => {
    const groupId = backEnd.addGroup('Team', alice, [bob]);
    const chat = groupConversationId(groupId);
    const [a, b] = [await connected(alice), await connected(bob)];
    backEnd.holdGroups();
    backEnd.removeFromGroup(groupId, bob);
    backEnd.write(chat, alice.userId, 'without Bob');
    await otherUpdate(a, alice);
    backEnd.releaseGroups();
    await text(a, 'without Bob');
    await marker(b, bob, 'end');
    expect(texts(b)).toEqual(['end']);
  });

  it('of a group stop for one who was removed while their groups were still being read', async () => {
    const groupId = backEnd.addGroup('Team', alice, [bob]);
    const { reads } = backEnd.deps;
    let finishReading: () => void = () => undefined;
    const readGroups = reads.groupsOfUsers;
    let isReading: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => {
      isReading = resolve;
    });
    reads.groupsOfUsers = async (users) => {
      const stale = await readGroups(users);
      isReading();
      await new Promise<void>((resolve) => {
        finishReading = resolve;
      });
      return stale;
    };
    const socket = await openSocket(gateway.url);
    sockets.push(socket);
    const hello = socket.hello(bob.token);
    await reading;
    backEnd.removeFromGroup(groupId, bob);
    finishReading();
    await hello;
    backEnd.write(groupConversationId(groupId), alice.userId, 'secret');
    await marker(socket, bob, 'end');
    expect(texts(socket)).toEqual(['end']);
  });

  it('of a packet tell who got how much to the sender and to the taker only', async () => {
    const groupId = backEnd.addGroup('Team', alice, [bob, carol]);
    const [a, b, c] = [await connected(alice), await connected(bob), await connected(carol)];
    const conversationId: ConversationId = groupConversationId(groupId);
    const packetId = '01900000-0000-7000-8000-000000000001' as PacketId;
    const grab = { userId: bob.userId, amountFen: 40, shareIndex: 0, timeMs: 5, thanks: null };
    backEnd.publish('packets', [
      {
        kind: 'packet',
        audience: audienceOf(conversationId),
        packet: {
          packetId,
          conversationId,
          senderId: alice.userId,
          kind: 'lucky',
          totalFen: 100,
          count: 3,
          remainingFen: 60,
          remainingShares: 2,
          expiresAtSecond: 9,
          receivers: [],
          greeting: seal(alice.userId, 'hi'),
          cover: 'classic',
          needsPhrase: false,
          fairness: { algorithmVersion: 1, masterKeyVersion: 1, nonce: 'n', commitment: 'c' },
          sentAtMs: 1,
          state: 'open',
          endedAtMs: null,
          luckiest: null,
          refundedFen: 0,
          cancelReason: null,
          seed: null,
        },
        grabs: [grab],
      },
    ]);
    const pushes = await Promise.all([a, b, c].map((socket) => socket.push('packet')));
    const shared = { packetId, conversationId, state: 'open', count: 3, taken: 1 };
    expect(pushes.map(({ data }) => data)).toEqual([
      { ...shared, grabs: [grab] },
      { ...shared, grabs: [grab] },
      { ...shared, grabs: [] },
    ]);
  });

  it('of friends, wallets and receipts go to whom they concern', async () => {
    const [a, b] = [await connected(alice), await connected(bob)];
    const request = {
      fromId: alice.userId,
      toId: bob.userId,
      note: seal(alice.userId, 'hello'),
      requestedAtMs: 7,
    };
    backEnd.publish('friends', [
      {
        kind: 'friend',
        ownerId: bob.userId,
        otherId: alice.userId,
        entry: { list: 'incoming', row: request },
      },
      { kind: 'friend', ownerId: alice.userId, otherId: bob.userId, entry: { list: 'friends', row: null } },
    ]);
    backEnd.publish('wallet', [{ kind: 'wallet', userId: alice.userId, balanceFen: 5, entries: [] }]);
    expect((await b.push('friend')).data).toEqual({
      list: 'incoming',
      userId: alice.userId,
      entry: {
        user: { userId: alice.userId, username: 'alice', nickname: 'alice' },
        direction: 'incoming',
        note: 'hello',
        requestedAtMs: 7,
      },
    });
    expect((await a.push('friend')).data).toEqual({ list: 'friends', userId: bob.userId, entry: null });
    expect((await a.push('wallet')).data).toEqual({ balanceFen: 5, entries: [] });
    expect(b.frames.some((frame) => frame.type === 'wallet')).toBe(false);
  });

  it('whose text was destroyed with its owner say null, and those after it come', async () => {
    const forgetful = fakeBackEnd({ keyring: { open: async () => undefined } });
    const [one, other] = [forgetful.addUser('one'), forgetful.addUser('other')];
    const running = await startGateway(forgetful);
    const socket = await openSocket(running.url);
    sockets.push(socket);
    await socket.hello(one.token);
    forgetful.write(conversationOf(one, other), other.userId, 'gone');
    expect((await socket.push('message')).data).toMatchObject({ kind: 'text', text: null });
    await running.close();
  });

  it('lost by the bus cost a resync, and a removal that was lost takes effect all the same', async () => {
    const [groupId, other] = [
      backEnd.addGroup('Team', alice, [bob]),
      backEnd.addGroup('Other', alice, [carol]),
    ];
    const [a, b, c] = [await connected(alice), await connected(bob), await connected(carol)];
    const chat = groupConversationId(groupId);
    backEnd.write(chat, alice.userId, 'with Bob');
    await text(b, 'with Bob');
    backEnd.loseUpdates();
    backEnd.removeFromGroup(groupId, bob);
    backEnd.addToGroup(groupId, carol);
    backEnd.carryUpdates();
    backEnd.removeFromGroup(other, carol);
    expect((await b.push('resync')).data).toEqual({ conversationId: null, from: null });
    backEnd.write(chat, alice.userId, 'without Bob');
    await Promise.all([text(a, 'without Bob'), text(c, 'without Bob')]);
    await marker(b, bob, 'end');
    expect(texts(b)).toEqual(['with Bob', 'end']);
  });

  it('lost by the bus that froze an account or logged a device out end its connections all the same', async () => {
    const [b, c] = [await connected(bob), await connected(carol)];
    const stays = await connected(alice);
    backEnd.setAccount(alice.userId, {});
    backEnd.loseUpdates();
    backEnd.setAccount(bob.userId, { frozen: true });
    backEnd.revoked.add(carol.deviceId);
    backEnd.carryUpdates();
    backEnd.setAccount(alice.userId, {});
    expect((await b.closed).code).toBe(closeCodes.sessionRevoked.code);
    expect((await c.closed).code).toBe(closeCodes.sessionRevoked.code);
    await stays.push('resync');
  });

  it('that a silent bus does not tell of are noticed from the checkpoints', async () => {
    const socket = await connected(bob);
    backEnd.write(conversationOf(alice, bob), alice.userId, 'one');
    await text(socket, 'one');
    backEnd.setProgress(1_000n);
    expect((await socket.push('resync')).data).toEqual({ conversationId: null, from: null });
  });

  it('of a client that does not read are collapsed to a resync, and cost the others nothing', async () => {
    const [slow, fast] = [await connected(bob), await connected(alice)];
    const chat = conversationOf(alice, bob);
    slow.webSocket.pause();
    // Far beyond what the sockets' own buffers take.
    const [count, size] = [4_000, 4_000];
    for (let n = 1; n <= count; n++) {
      backEnd.write(chat, alice.userId, `${n} ${'x'.repeat(size)}`);
      // The fast one reads at its own pace; a test that writes without a pause would slow it down too.
      if (n % 50 === 0) await fast.frame((frame) => (frame.data as { seq?: number }).seq === n);
    }
    expect(texts(fast)).toHaveLength(count);
    slow.webSocket.resume();
    expect((await slow.push('resync')).data).toEqual({ conversationId: null, from: null });
    expect(texts(slow).length).toBeLessThan(count);
    backEnd.write(chat, alice.userId, 'after');
    await text(slow, 'after');
    expect(limits.gateway.sendQueueBytesMax).toBeLessThan(count * size);
  });
});
