import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, GroupId, PacketId, UserId } from '../../src/domain/ids.ts';
import { groupConversationId } from '../../src/domain/ids.ts';
import { closeCodes } from '../../src/protocol/close-codes.ts';
import {
  befriend,
  codeOf,
  freshMessageId,
  freshNonce,
  hasReceived,
  type Person,
  register,
  say,
  topUp,
} from '../support/people.ts';
import { openRawSocket, type RawSocket } from '../support/raw-socket.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Every wrong request gets an error with a stable code, on itself alone: nothing else happens. */
describe('bad input', () => {
  let server: TestServer;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let stranger: Person;
  let chat: ConversationId;
  let groupId: GroupId;
  let group: ConversationId;
  /** Where Alice's wallet changed last. */
  let walletPosition: string;

  beforeAll(async () => {
    server = await startServer();
    [alice, bob, carol, stranger] = await Promise.all([
      register('Alice', server.url),
      register('Bob', server.url),
      register('Carol', server.url),
      register('Stranger', server.url),
    ]);
    chat = await befriend(alice, bob);
    await befriend(alice, carol);
    const { data } = await alice.client.request('createGroup', {
      name: 'Group',
      memberIds: [bob.userId, carol.userId],
    });
    groupId = data.groupId;
    group = data.conversationId;
    walletPosition = await topUp(alice, 100_000);
  });

  afterAll(async () => {
    for (const person of [alice, bob, carol, stranger]) person?.client.disconnect();
    await server?.close();
  });

  const send = async (changes: Partial<Parameters<typeof packet>[0]> = {}) => {
    const reply = await alice.client.request('sendPacket', packet(changes));
    walletPosition = reply.position;
    return reply;
  };
  const packet = (changes: {
    kind?: 'lucky' | 'equal' | 'exclusive';
    totalFen?: number;
    count?: number;
    ttlSeconds?: number;
    receivers?: UserId[];
    nonce?: string;
    conversationId?: ConversationId;
  }) => ({
    conversationId: group,
    clientMsgId: freshMessageId(),
    kind: 'lucky' as const,
    totalFen: 300,
    count: 3,
    ttlSeconds: 600,
    receivers: [],
    greeting: '',
    nonce: freshNonce(),
    ...changes,
  });

  describe('in the frames of a WebSocket', () => {
    let socket: RawSocket;

    beforeAll(async () => {
      socket = await openRawSocket(server.url, alice);
    });

    afterAll(() => socket.close());

    it.each([
      ['malformed JSON', '{"id": 1,', 'bad-request'],
      ['no object', '"hello"', 'bad-request'],
      ['an unknown type', '{"id": 1, "type": "stealMoney", "data": {}}', 'unknown-type'],
      ['a type from the prototype', '{"id": 1, "type": "constructor", "data": {}}', 'unknown-type'],
      ['missing fields', '{"id": 1, "type": "sendMessage", "data": {}}', 'bad-request'],
      [
        'a wrong command id',
        '{"id": 1, "type": "ack", "commandId": "x", "data": {"cursors": []}}',
        'bad-request',
      ],
    ])('%s is refused, and the connection lives on', async (_what, text, code) => {
      expect(await socket.ask(text)).toMatchObject({ ok: false, error: { code, temporary: false } });
      const fine = { id: 99, type: 'ack', commandId: crypto.randomUUID(), data: { cursors: [] } };
      expect(await socket.ask(JSON.stringify(fine))).toHaveProperty('id', 99);
    });

    it('an oversize message closes the connection with a code that says so', async () => {
      const doomed = await openRawSocket(server.url, alice);
      doomed.send(`{"id": 1, "type": "ack", "data": {"padding": "${'x'.repeat(2_000_000)}"}}`);
      expect(await doomed.closed).toBe(closeCodes.tooLarge.code);
    });

    it('a wrong token closes the connection', async () => {
      const rejected = await openRawSocket(server.url, alice, 'not-a-token');
      expect(await rejected.closed).toBe(closeCodes.tokenRejected.code);
    });

    it('a request before the hello closes the connection', async () => {
      const rude = await openRawSocket(server.url, undefined);
      rude.send('{"id": 1, "type": "ack", "data": {"cursors": []}}');
      expect(await rude.closed).toBe(closeCodes.protocolViolation.code);
    });
  });

  describe('over HTTP', () => {
    const get = async (path: string, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${server.url}${path}`, { headers });
      return { status: response.status, body: await response.json() };
    };

    it('a read without a token, or with a wrong one, is refused', async () => {
      for (const token of [undefined, 'x', `${alice.client.session!.tokens.accessToken}x`]) {
        expect(await get('/api/me', token)).toMatchObject({
          status: 401,
          body: { error: { code: 'unauthenticated' } },
        });
      }
    });

    it('a wrong password and an unknown user are told apart by nothing', async () => {
      const logIn = async (username: string) => {
        const response = await fetch(`${server.url}/api/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username, password: 'wrong password', deviceName: 'test' }),
        });
        return { status: response.status, body: await response.json() };
      };
      const known = await logIn(alice.username);
      expect(known).toMatchObject({ status: 401, body: { error: { code: 'bad-credentials' } } });
      expect(await logIn('nobody-at-all')).toEqual(known);
    });

    it("a stranger's reads are answered as if there were nothing", async () => {
      const token = stranger.client.session!.tokens.accessToken;
      for (const path of [
        `/api/conversations/${chat}/messages`,
        `/api/conversations/${group}/messages`,
        `/api/conversations/${chat}/receipts`,
        `/api/groups/${groupId}`,
        `/api/groups/${groupId}/members`,
      ]) {
        expect((await get(path, token)).status, path).toBe(404);
      }
    });

    it('malformed bodies and paths get an error with a code', async () => {
      const token = alice.client.session!.tokens.accessToken;
      expect((await get('/api/groups/not-an-id', token)).body).toMatchObject({
        error: { code: 'bad-request' },
      });
      expect((await get('/api/nothing-here', token)).body).toMatchObject({ error: { code: 'not-found' } });
      const response = await fetch(`${server.url}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"username": ',
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'bad-request' } });
    });
  });

  describe('in packets', () => {
    it.each<[string, Parameters<typeof packet>[0], string]>([
      ['an amount of 0', { totalFen: 0 }, 'amount-invalid'],
      ['a negative amount', { totalFen: -300 }, 'amount-invalid'],
      ['a fractional amount', { totalFen: 300.5 }, 'amount-invalid'],
      ['an amount above the balance', { totalFen: 200_000, count: 20 }, 'insufficient-funds'],
      ['an amount above the limit', { totalFen: 20_001, count: 1 }, 'amount-invalid'],
      ['zero shares', { count: 0 }, 'shares-invalid'],
      ['more shares than there may be', { totalFen: 10_000, count: 101 }, 'shares-invalid'],
      ['more shares than fen', { totalFen: 2, count: 3 }, 'shares-invalid'],
      ['a total that does not divide equally', { kind: 'equal', totalFen: 100, count: 3 }, 'amount-invalid'],
      ['too short a life', { ttlSeconds: 9 }, 'ttl-invalid'],
      ['too long a life', { ttlSeconds: 7 * 86_400 + 1 }, 'ttl-invalid'],
      ['an exclusive packet without receivers', { kind: 'exclusive', count: 1 }, 'receivers-invalid'],
      ['a nonce that is none', { nonce: 'xyz' }, 'nonce-invalid'],
    ])('%s is refused', async (_what, changes, code) => {
      const before = await alice.client.wallet({ afterPosition: walletPosition });
      expect(await codeOf(send(changes))).toBe(code);
      expect(await alice.client.wallet()).toEqual(before);
    });

    it('grabbing twice is refused, and the first share stays', async () => {
      const { data } = await send();
      const { data: first, position } = await bob.client.request('grabPacket', { packetId: data.packetId });
      expect(await codeOf(bob.client.request('grabPacket', { packetId: data.packetId }))).toBe(
        'already-grabbed',
      );
      const { mine, taken } = await bob.client.packet(data.packetId, { afterPosition: position });
      expect({ amountFen: mine?.amountFen, taken }).toEqual({ amountFen: first.amountFen, taken: 1 });
    });

    it('grabbing an exclusive packet that is meant for another is refused', async () => {
      const { data } = await send({ kind: 'exclusive', count: 1, receivers: [bob.userId] });
      expect(await codeOf(carol.client.request('grabPacket', { packetId: data.packetId }))).toBe(
        'not-a-receiver',
      );
      await bob.client.request('grabPacket', { packetId: data.packetId });
    });

    it('a stranger learns nothing of a packet and cannot grab it', async () => {
      const { data, position } = await send();
      expect(await codeOf(stranger.client.request('grabPacket', { packetId: data.packetId }))).toBe(
        'packet-not-found',
      );
      expect(await codeOf(stranger.client.packet(data.packetId, { afterPosition: position }))).toBe(
        'packet-not-found',
      );
      const nowhere = crypto.randomUUID() as PacketId;
      expect(await codeOf(bob.client.request('grabPacket', { packetId: nowhere }))).toBe('packet-not-found');
    });

    it('the seed of an open packet is told to nobody', async () => {
      const { data, position } = await send();
      expect(await codeOf(alice.client.packetProof(data.packetId, { afterPosition: position }))).toBe(
        'packet-open',
      );
    });

    it.each([
      ['0', 0],
      ['negative', -1],
      ['fractional', 0.5],
      ['above the limit', Number.MAX_SAFE_INTEGER],
    ])('a deposit of an amount that is %s is refused', async (_what, amountFen) => {
      const refused = alice.client.request('deposit', { amountFen, providerRef: crypto.randomUUID() });
      expect(await codeOf(refused)).toBe('amount-invalid');
    });
  });

  describe('in conversations', () => {
    it("a stranger's message and acknowledgement are refused", async () => {
      expect(await codeOf(say(stranger, chat, 'hello'))).toBe('conversation-not-found');
      expect(await codeOf(say(stranger, group, 'hello'))).toBe('conversation-not-found');
      const cursors = [{ conversationId: chat, delivered: 1, read: 1 }];
      expect(await codeOf(stranger.client.request('ack', { cursors }))).toBe('conversation-not-found');
      const nowhere = groupConversationId(crypto.randomUUID() as GroupId);
      expect(await codeOf(say(alice, nowhere, 'hello'))).toBe('conversation-not-found');
    });

    it('an acknowledgement beyond the newest message is refused', async () => {
      const seq = await say(alice, chat, 'the newest');
      const cursors = [{ conversationId: chat, delivered: seq + 1, read: seq + 1 }];
      expect(await codeOf(bob.client.request('ack', { cursors }))).toBe('cursor-beyond-head');
    });

    it('the same message id with another text is refused', async () => {
      const clientMsgId = freshMessageId();
      const request = (text: string) =>
        alice.client.request('sendMessage', {
          conversationId: chat,
          clientMsgId,
          content: { kind: 'text', text },
        });
      const first = await request('one');
      expect((await request('one')).data.seq).toBe(first.data.seq);
      expect(await codeOf(request('two'))).toBe('command-id-reused');
    });

    it('a message to someone who is no friend is refused', async () => {
      expect(await codeOf(alice.client.request('acceptFriend', { userId: stranger.userId }))).toBe(
        'no-request',
      );
    });

    it('messages after removal are refused, and nothing more arrives', async () => {
      const { position } = await alice.client.request('removeMember', { groupId, userId: carol.userId });
      expect(await codeOf(say(carol, group, 'still here?'))).toBe('conversation-not-found');
      const seq = await say(alice, group, 'without Carol');
      await hasReceived(bob, group, seq);
      expect(await codeOf(carol.client.messages(group, { afterPosition: position }))).toBe(
        'conversation-not-found',
      );
      expect(
        carol.received.some((message) => message.kind === 'text' && message.text === 'without Carol'),
      ).toBe(false);
    });
  });

  it('leaves the connection of everyone as it was', () => {
    for (const person of [alice, bob, carol, stranger]) expect(person.client.state).toBe('connected');
  });
});
