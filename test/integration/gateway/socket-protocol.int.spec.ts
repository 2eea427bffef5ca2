import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import { closeCodes } from '../../../src/protocol/close-codes.ts';
import {
  conversationOf,
  type FakeBackEnd,
  type FakeUser,
  fakeBackEnd,
  type RunningGateway,
  startGateway,
} from '../../gateway/support/fake-back-end.ts';
import { openSocket, type RawSocket } from '../../gateway/support/raw-socket.ts';

/** The WebSocket protocol below the SDK: what a client of any make can say, rightly and wrongly. */
describe('the WebSocket protocol', () => {
  let backEnd: FakeBackEnd;
  let gateway: RunningGateway;
  let alice: FakeUser;
  let bob: FakeUser;
  const sockets: RawSocket[] = [];

  beforeEach(async () => {
    backEnd = fakeBackEnd();
    alice = backEnd.addUser('alice');
    bob = backEnd.addUser('bob');
    gateway = await startGateway(backEnd);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.webSocket.terminate();
    await gateway.close();
  });

  async function open(options?: { origin?: string }): Promise<RawSocket> {
    const socket = await openSocket(gateway.url, options);
    sockets.push(socket);
    return socket;
  }

  async function connected(user: FakeUser, cursors: Record<string, number> = {}): Promise<RawSocket> {
    const socket = await open();
    const reply = await socket.hello(user.token, cursors);
    expect(reply.ok).toBe(true);
    return socket;
  }

  const commandId = () => backEnd.runtime.ids.next();
  const send = (to: FakeUser, from: FakeUser, text: string, id: number) => ({
    id,
    type: 'sendMessage',
    commandId: commandId(),
    data: {
      conversationId: conversationOf(from, to),
      clientMsgId: commandId(),
      content: { kind: 'text', text },
    },
  });

  describe('hello', () => {
    it('is answered with the user, the heartbeat and the clock', async () => {
      const socket = await open();
      const reply = await socket.hello(alice.token);
      expect(reply).toMatchObject({
        id: 1,
        ok: true,
        data: {
          protocol: 1,
          user: { userId: alice.userId, username: 'alice' },
          deviceId: alice.deviceId,
          heartbeatMs: limits.gateway.heartbeatMs,
        },
      });
    });

    it('comes first: anything else ends the connection', async () => {
      const socket = await open();
      socket.send(send(bob, alice, 'hi', 1));
      expect((await socket.reply(1)).error?.code).toBe('unauthenticated');
      expect((await socket.closed).code).toBe(closeCodes.protocolViolation.code);
      expect(backEnd.executed).toEqual([]);
    });

    it('with a wrong token is refused, and the close code says to get another', async () => {
      const socket = await open();
      expect((await socket.hello('nonsense')).error?.code).toBe('unauthenticated');
      expect((await socket.closed).code).toBe(closeCodes.tokenRejected.code);
    });

    it('with an expired token is refused likewise', async () => {
      const socket = await open();
      const token = backEnd.tokenFor(alice, backEnd.runtime.clock.nowMs() - 1);
      expect((await socket.hello(token)).error?.code).toBe('unauthenticated');
    });

    it('with a version that is not served is refused for good', async () => {
      const socket = await open();
      socket.send({ id: 1, type: 'hello', data: { protocol: 99, token: alice.token, cursors: {} } });
      expect((await socket.closed).code).toBe(closeCodes.versionNotServed.code);
    });

    it('of a closed account is refused for good', async () => {
      backEnd.setAccount(alice.userId, { closed: true });
      const socket = await open();
      expect((await socket.hello(alice.token)).error?.code).toBe('account-closed');
      expect((await socket.closed).code).toBe(closeCodes.sessionRevoked.code);
    });

    it('may come once', async () => {
      const socket = await connected(alice);
      socket.send({ id: 2, type: 'hello', data: { protocol: 1, token: alice.token, cursors: {} } });
      expect((await socket.reply(2)).error?.code).toBe('bad-request');
    });

    it('that meets read models which do not answer is told to come again', async () => {
      backEnd.failReads(10);
      const socket = await open();
      expect((await socket.hello(alice.token)).error?.code).toBe('unavailable');
      expect((await socket.closed).code).toBe(closeCodes.internal.code);
      backEnd.failReads(0);
      await connected(alice);
    });
  });

  describe('bad input is answered on its frame, and the connection lives on', () => {
    let socket: RawSocket;

    beforeEach(async () => {
      socket = await connected(alice);
    });

    afterEach(async () => {
      // Whatever was wrong, a right frame works right after it.
      socket.send(send(bob, alice, 'still here', 1_000));
      expect((await socket.reply(1_000)).ok).toBe(true);
    });

    it('malformed JSON: an error without an id', async () => {
      socket.sendRaw('{"id": 2, ');
      expect((await socket.reply(null)).error?.code).toBe('bad-request');
    });

    it.each([['null'], ['42'], ['"hello"'], ['{}'], ['[[]]'], ['{"id":"x","type":"ping","data":{}}']])(
      'something that is no frame: %s',
      async (text) => {
        socket.sendRaw(text);
        expect((await socket.reply(null)).error?.code).toBe('bad-request');
      },
    );

    it('more frames in one message than it may hold', async () => {
      const many = Array.from({ length: bounds.framesPerMessage + 1 }, (_, id) => ({
        id,
        type: 'ping',
        data: {},
      }));
      socket.send(many);
      expect((await socket.reply(null)).error?.code).toBe('bad-request');
    });

    it('an unknown type', async () => {
      socket.send({ id: 2, type: 'makeMeRich', commandId: commandId(), data: {} });
      expect((await socket.reply(2)).error).toMatchObject({ code: 'unknown-type', temporary: false });
    });

    it('a name that every object has is an unknown type too', async () => {
      socket.send({ id: 2, type: 'constructor', commandId: commandId(), data: {} });
      expect((await socket.reply(2)).error?.code).toBe('unknown-type');
    });

    it('a command without a command id', async () => {
      const { commandId: _, ...frame } = send(bob, alice, 'hi', 2);
      socket.send(frame);
      expect((await socket.reply(2)).error?.code).toBe('bad-request');
    });

    it.each([
      ['a missing field', { clientMsgId: 'a' }],
      ['a field too many', { conversationId: 'group:x', extra: 1 }],
      ['a conversation id that is none', { conversationId: 'direct:a~b', clientMsgId: 'a', content: {} }],
    ])('data with %s', async (_what, data) => {
      socket.send({ id: 2, type: 'sendMessage', commandId: commandId(), data });
      expect((await socket.reply(2)).error?.code).toBe('bad-request');
      expect(backEnd.executed.length).toBe(0);
    });

    it('a text that is longer than a message may be', async () => {
      socket.send(send(bob, alice, 'x'.repeat(bounds.messageTextChars + 1), 2));
      expect((await socket.reply(2)).error?.code).toBe('bad-request');
    });

    it('what the domain refuses keeps its code and message', async () => {
      backEnd.answerNext('deposit', { kind: 'rejected', code: 'amount-invalid', message: 'No fractions.' });
      const data = { amountFen: 1.5, providerRef: 'p' };
      socket.send({ id: 2, type: 'deposit', commandId: commandId(), data });
      expect((await socket.reply(2)).error).toEqual({
        code: 'amount-invalid',
        message: 'No fractions.',
        temporary: false,
      });
    });

    it('busy and unknown outcomes say so, and when to come again', async () => {
      backEnd.answerNext('leaveGroup', { kind: 'busy', retryAfterMs: 77 }, { kind: 'unknown' });
      const data = { groupId: commandId() };
      socket.send([
        { id: 2, type: 'leaveGroup', commandId: commandId(), data },
        { id: 3, type: 'leaveGroup', commandId: commandId(), data },
      ]);
      expect((await socket.reply(2)).error).toMatchObject({
        code: 'busy',
        retryAfterMs: 77,
        temporary: true,
      });
      expect((await socket.reply(3)).error).toMatchObject({ code: 'unknown-outcome', temporary: true });
    });

    it('a fault of the server is told without a word of what it was', async () => {
      const failure = Promise.reject(new Error('secret detail'));
      failure.catch(() => undefined);
      backEnd.answerNext('leaveGroup', failure);
      socket.send({ id: 2, type: 'leaveGroup', commandId: commandId(), data: { groupId: commandId() } });
      const reply = await socket.reply(2);
      expect(reply.error?.code).toBe('internal');
      expect(JSON.stringify(reply)).not.toContain('secret');
    });

    it('more commands at once than a connection may have: the next one is busy', async () => {
      const release: (() => void)[] = [];
      const max = limits.gateway.commandsInFlightPerConnectionMax;
      for (let n = 0; n < max; n++) {
        backEnd.answerNext(
          'leaveGroup',
          new Promise((resolve) => release.push(() => resolve({ kind: 'unknown' }))),
        );
      }
      const frames = Array.from({ length: max + 1 }, (_, n) => ({
        id: 100 + n,
        type: 'leaveGroup',
        commandId: commandId(),
        data: { groupId: commandId() },
      }));
      socket.send(frames.slice(0, 64));
      socket.send(frames.slice(64));
      expect((await socket.reply(100 + max)).error?.code).toBe('busy');
      for (const one of release) one();
      await socket.reply(100);
    });
  });

  it('frames faster than the rate: an error on each too many, with the wait', async () => {
    const socket = await connected(alice);
    const count = limits.gateway.framesBurst + 200;
    for (let id = 10; id < 10 + count; id++) socket.send({ id, type: 'ping', data: {} });
    const refused = await socket.frame((frame) => frame.error?.code === 'rate-limited');
    expect(refused.error?.temporary).toBe(true);
    await socket.reply(10 + count - 1);
    const answered = socket.frames.filter((frame) => frame.ok).length;
    expect(answered).toBeGreaterThanOrEqual(limits.gateway.framesBurst - 1);
    expect(answered).toBeLessThan(count);
  });

  it('a binary message ends the connection: no retry helps', async () => {
    const socket = await connected(alice);
    socket.sendRaw(Buffer.from([1, 2, 3]));
    expect((await socket.closed).code).toBe(closeCodes.protocolViolation.code);
  });

  it('an oversize message ends the connection', async () => {
    const socket = await connected(alice);
    socket.sendRaw(JSON.stringify({ id: 2, pad: 'x'.repeat(limits.gateway.socketMessageBytesMax) }));
    expect((await socket.closed).code).toBe(closeCodes.tooLarge.code);
  });

  it('a page of another origin gets no socket; the own page and configured ones do', async () => {
    await expect(open({ origin: 'https://evil.example' })).rejects.toThrow('403');
    await open({ origin: gateway.url });
  });

  it('a command goes to the write side once, as the user of the token, with its retry flag', async () => {
    const socket = await connected(alice);
    const frame = { ...send(bob, alice, 'hello', 2), retry: true };
    socket.send(frame);
    const reply = await socket.reply(2);
    expect(reply).toMatchObject({ ok: true, data: { seq: 1, clientMsgId: frame.data.clientMsgId } });
    expect(reply.position).toMatch(/^\d+$/);
    expect(backEnd.executed).toEqual([
      {
        type: 'sendMessage',
        request: frame.data,
        context: {
          userId: alice.userId,
          deviceId: alice.deviceId,
          commandId: frame.commandId,
          retry: true,
          correlationId: frame.commandId,
        },
      },
    ]);
  });

  it('pushes of one moment share one message', async () => {
    const socket = await connected(bob);
    const before = socket.messages();
    for (let n = 0; n < 20; n++) backEnd.write(conversationOf(alice, bob), alice.userId, `m${n}`);
    await socket.frame((frame) => frame.type === 'message' && (frame.data as { seq: number }).seq === 20);
    expect(socket.messages() - before).toBeLessThanOrEqual(2);
  });

  describe('after a hello', () => {
    it('what was missed comes in order, from the cursor on', async () => {
      const chat = conversationOf(alice, bob);
      for (let n = 1; n <= 5; n++) backEnd.write(chat, alice.userId, `m${n}`);
      const socket = await connected(bob, { [chat]: 2 });
      await socket.frame((frame) => frame.type === 'message' && (frame.data as { seq: number }).seq === 5);
      const seqs = socket.frames.flatMap((frame) =>
        frame.type === 'message' ? [(frame.data as { seq: number }).seq] : [],
      );
      expect(seqs).toEqual([3, 4, 5]);
    });

    it('a conversation that the client does not know begins where its user has read to', async () => {
      const chat = conversationOf(alice, bob);
      for (let n = 1; n <= 3; n++) backEnd.write(chat, alice.userId, `m${n}`);
      const first = await connected(bob);
      await first.frame((frame) => frame.type === 'message' && (frame.data as { seq: number }).seq === 3);
      const data = { cursors: [{ conversationId: chat, delivered: 3, read: 2 }] };
      first.send({ id: 5, type: 'ack', commandId: commandId(), data });
      await first.reply(5);
      const second = await connected(bob);
      const { data: message } = await second.push('message');
      expect(message.seq).toBe(3);
    });

    it('too much of it is left to the client: resync from where', async () => {
      const chat = conversationOf(alice, bob);
      const count = limits.gateway.missedPerConversationMax + 1;
      for (let n = 1; n <= count; n++) backEnd.write(chat, alice.userId, `m${n}`);
      const socket = await connected(bob, { [chat]: 0 });
      expect(await socket.push('resync')).toEqual({
        type: 'resync',
        data: { conversationId: chat, from: 1 },
      });
    });

    it('long messages are cut off where a socket would hold too much, and the connection stays', async () => {
      const chat = conversationOf(alice, bob);
      // Three bytes each in UTF-8: in all more than what closes a socket.
      const longest = '红'.repeat(bounds.messageTextChars);
      const count = limits.gateway.missedPerConversationMax;
      expect(count * Buffer.byteLength(longest)).toBeGreaterThan(limits.gateway.sendQueueBytesHardMax);
      for (let n = 1; n <= count; n++) backEnd.write(chat, alice.userId, longest);
      const socket = await connected(bob, { [chat]: 0 });
      const { data } = await socket.push('resync');
      const seqs = socket.frames.flatMap((frame) =>
        frame.type === 'message' ? [(frame.data as { seq: number }).seq] : [],
      );
      expect(seqs.length).toBeGreaterThan(0);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      expect(data).toEqual({ conversationId: chat, from: seqs.length + 1 });
      socket.send({ id: 9, type: 'ping', data: {} });
      expect((await socket.reply(9)).ok).toBe(true);
    });

    it('a conversation of others is passed over in silence', async () => {
      const carol = backEnd.addUser('carol');
      const chat = conversationOf(alice, bob);
      backEnd.write(chat, alice.userId, 'secret');
      const socket = await connected(carol, { [chat]: 0 });
      socket.send({ id: 2, type: 'ping', data: {} });
      await socket.reply(2);
      expect(socket.frames.some((frame) => frame.type !== undefined)).toBe(false);
    });
  });

  describe('a token that expires', () => {
    it('ends the connection, with the code that says to refresh', async () => {
      const socket = await open();
      const token = backEnd.tokenFor(alice, backEnd.runtime.clock.nowMs() + 600);
      expect((await socket.hello(token)).ok).toBe(true);
      expect((await socket.closed).code).toBe(closeCodes.tokenRejected.code);
    });

    it('can be replaced in time; one of another device cannot', async () => {
      const [socket, idle] = [await open(), await open()];
      const expiresAtMs = backEnd.runtime.clock.nowMs() + 900;
      await socket.hello(backEnd.tokenFor(alice, expiresAtMs));
      await idle.hello(backEnd.tokenFor(alice, expiresAtMs));
      socket.send({ id: 2, type: 'reauthenticate', data: { token: bob.token } });
      expect((await socket.reply(2)).error?.code).toBe('unauthenticated');
      socket.send({ id: 3, type: 'reauthenticate', data: { token: backEnd.tokenFor(alice) } });
      expect((await socket.reply(3)).ok).toBe(true);
      // The time of both tokens is over when the connection that kept its own is closed.
      await idle.closed;
      socket.send({ id: 4, type: 'ping', data: {} });
      expect((await socket.reply(4)).ok).toBe(true);
    });
  });

  it('an account that is frozen loses its connections at once', async () => {
    const socket = await connected(alice);
    backEnd.setAccount(alice.userId, { frozen: true });
    expect((await socket.closed).code).toBe(closeCodes.sessionRevoked.code);
  });

  it('a stop asks clients to come back, each after a delay of its own, and closes', async () => {
    const [one, other] = [await connected(alice), await connected(bob)];
    await gateway.close();
    const delays = [await one.push('goingAway'), await other.push('goingAway')].map(
      ({ data }) => data.reconnectAfterMs,
    );
    for (const delay of delays) expect(delay).toBeLessThanOrEqual(limits.gateway.goingAwaySpreadMs);
    expect((await one.closed).code).toBe(closeCodes.goingAway.code);
  });

  it('a stop waits for commands under way and answers them', async () => {
    const socket = await connected(alice);
    let release: () => void = () => undefined;
    backEnd.answerNext(
      'leaveGroup',
      new Promise((resolve) => {
        release = () => resolve({ kind: 'rejected', code: 'not-member', message: 'no' });
      }),
    );
    socket.send([
      { id: 2, type: 'leaveGroup', commandId: commandId(), data: { groupId: commandId() } },
      { id: 3, type: 'ping', data: {} },
    ]);
    // Frames are begun in order: the command is under way.
    await socket.reply(3);
    const closing = gateway.close();
    await socket.push('goingAway');
    release();
    expect((await socket.reply(2)).error?.code).toBe('not-member');
    await closing;
  });
});
