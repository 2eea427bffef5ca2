import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, ClientError, type ClientStorage, createClient } from '../../src/client/index.ts';
import type { ClientMessageId, ConversationId } from '../../src/domain/ids.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import {
  conversationOf,
  type FakeBackEnd,
  type FakeUser,
  fakeBackEnd,
  type RunningGateway,
  startGateway,
} from '../gateway/support/fake-back-end.ts';

/** The SDK against a real gateway over real sockets, with a back end in memory behind it. */
describe('the SDK', () => {
  let backEnd: FakeBackEnd;
  let gateway: RunningGateway;
  let alice: FakeUser;
  let bob: FakeUser;
  let chat: ConversationId;
  const clients: Client[] = [];
  const runtime = systemRuntime();

  beforeEach(async () => {
    backEnd = fakeBackEnd();
    alice = backEnd.addUser('alice');
    bob = backEnd.addUser('bob');
    chat = conversationOf(alice, bob);
    gateway = await startGateway(backEnd);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await gateway.close();
  });

  async function clientOf(user: FakeUser, storage?: ClientStorage): Promise<Client> {
    const client = createClient({ url: gateway.url, ...(storage === undefined ? {} : { storage }) });
    clients.push(client);
    await client.logIn({ username: user.username, password: `${user.username}'s password` });
    return client;
  }

  async function connectedAs(user: FakeUser, storage?: ClientStorage): Promise<Client> {
    const client = await clientOf(user, storage);
    await client.connect();
    return client;
  }

  function seqsOf(client: Client): number[] {
    const seqs: number[] = [];
    client.on('message', ({ seq }) => seqs.push(seq));
    return seqs;
  }

  const untilSeq = (client: Client, seqs: readonly number[], seq: number) =>
    seqs.includes(seq) ? Promise.resolve() : client.next('message', (message) => message.seq >= seq);

  const say = (client: Client, text: string) =>
    client.request('sendMessage', {
      conversationId: chat,
      clientMsgId: runtime.ids.next() as ClientMessageId,
      content: { kind: 'text', text },
    });

  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

  function memory(): ClientStorage {
    const items = new Map<string, string>();
    return {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    };
  }

  it('registers, connects, chats', async () => {
    const client = createClient({ url: gateway.url });
    clients.push(client);
    const session = await client.register({ username: 'dora', password: 'long enough', nickname: 'Dora' });
    expect(client.session).toEqual(session);
    const connected = client.next('connected');
    await client.connect();
    expect(client.state).toBe('connected');
    expect((await connected).user).toMatchObject({ userId: session.userId, username: 'dora' });
    expect((await client.me()).user.username).toBe('dora');
  });

  it('rejects with the code that the server gave', async () => {
    const client = await connectedAs(alice);
    const refused = client.request('sendMessage', {
      conversationId: conversationOf(bob, backEnd.addUser('carol')),
      clientMsgId: 'x' as ClientMessageId,
      content: { kind: 'text', text: 'hello' },
    });
    await expect(refused).rejects.toBeInstanceOf(ClientError);
    await expect(refused).rejects.toMatchObject({ code: 'conversation-not-found', temporary: false });
  });

  it('acknowledges what was delivered, and what was read when told', async () => {
    const [a, b] = [await connectedAs(alice), await connectedAs(bob)];
    const delivered = a.next(
      'receipt',
      (receipt) => receipt.userId === bob.userId && receipt.delivered === 1,
    );
    await say(a, 'hello');
    expect(await delivered).toMatchObject({ conversationId: chat, read: 0 });
    const read = a.next('receipt', (receipt) => receipt.userId === bob.userId && receipt.read === 1);
    b.markRead(chat, 1);
    await read;
    expect((await a.receipts(chat)).items).toContainEqual({ userId: bob.userId, delivered: 1, read: 1 });
  });

  it('gets what it missed while it was away: once, in order', async () => {
    const [a, b] = [await connectedAs(alice), await connectedAs(bob)];
    const seqs = seqsOf(b);
    await say(a, 'one');
    await untilSeq(b, seqs, 1);
    b.disconnect();
    for (const text of ['two', 'three', 'four']) await say(a, text);
    await b.connect();
    await untilSeq(b, seqs, 4);
    expect(seqs).toEqual([1, 2, 3, 4]);
  });

  it('gets more than a hello brings by fetching it', async () => {
    const b = await connectedAs(bob);
    const seqs = seqsOf(b);
    backEnd.write(chat, alice.userId, 'first');
    await untilSeq(b, seqs, 1);
    b.disconnect();
    for (let n = 2; n <= 700; n++) backEnd.write(chat, alice.userId, `m${n}`);
    await b.connect();
    await untilSeq(b, seqs, 700);
    expect(seqs).toEqual(upTo(700));
  });

  it('gets updates that the bus lost as soon as one shows the hole', async () => {
    const b = await connectedAs(bob);
    const seqs = seqsOf(b);
    backEnd.write(chat, alice.userId, 'one');
    backEnd.write(chat, alice.userId, 'lost', { publish: false });
    backEnd.write(chat, alice.userId, 'three');
    await untilSeq(b, seqs, 3);
    expect(seqs).toEqual([1, 2, 3]);
  });

  it('goes on from its stored cursors in a new process, with the stored session', async () => {
    const storage = memory();
    const first = await connectedAs(bob, storage);
    const seqs = seqsOf(first);
    for (let n = 1; n <= 3; n++) backEnd.write(chat, alice.userId, `m${n}`);
    await untilSeq(first, seqs, 3);
    first.disconnect();
    backEnd.write(chat, alice.userId, 'm4');
    const second = createClient({ url: gateway.url, storage });
    clients.push(second);
    expect(second.resume()).toBe(true);
    const later = seqsOf(second);
    await second.connect();
    await untilSeq(second, later, 4);
    expect(later).toEqual([4]);
  });

  it('loses and doubles nothing while its connection breaks again and again under load', async () => {
    const [a, b] = [await connectedAs(alice), await connectedAs(bob)];
    const seqs = seqsOf(b);
    const count = 120;
    const sending = (async () => {
      for (let n = 1; n <= count; n++) await say(a, `m${n}`);
    })();
    for (let round = 0; round < 4; round++) {
      await b.next('message');
      b.disconnect();
      await b.connect();
    }
    await sending;
    await untilSeq(b, seqs, count);
    expect(seqs).toEqual(upTo(count));
  });

  it('comes back after the server was restarted, and a command under way is carried out once', async () => {
    const a = await connectedAs(alice);
    const seqs = seqsOf(a);
    await say(a, 'before');
    // What becomes of the first try is not known.
    let finish: () => void = () => undefined;
    backEnd.answerNext(
      'sendMessage',
      new Promise((resolve) => {
        finish = () => resolve({ kind: 'unknown' });
      }),
    );
    const disconnected = a.next('disconnected');
    const request = say(a, 'during');
    const closing = gateway.close();
    finish();
    await closing;
    expect((await disconnected).retryInMs).not.toBe(null);
    gateway = await startGateway(backEnd, gateway.port);
    expect((await request).data.seq).toBe(2);
    await untilSeq(a, seqs, 2);
    expect(seqs).toEqual([1, 2]);
    const tries = backEnd.executed.filter(
      ({ type, request: data }) =>
        type === 'sendMessage' && (data as { content: { text: string } }).content.text === 'during',
    );
    expect(new Set(tries.map(({ context }) => context.commandId)).size).toBe(1);
    expect(tries.at(-1)?.context.retry).toBe(true);
  });

  it('sends a command again that the server was too busy for', async () => {
    const a = await connectedAs(alice);
    backEnd.answerNext('sendMessage', { kind: 'busy', retryAfterMs: 10 });
    expect((await say(a, 'at last')).data.seq).toBe(1);
    expect(backEnd.executed.filter(({ type }) => type === 'sendMessage')).toHaveLength(2);
  });

  it('tells the application when its session was ended elsewhere', async () => {
    const a = await connectedAs(alice);
    const ended = a.next('sessionEnded');
    backEnd.setAccount(alice.userId, { frozen: true });
    await ended;
    expect(a.session).toBe(undefined);
    await expect(say(a, 'hello?')).rejects.toMatchObject({ code: 'closed' });
    await expect(a.connect()).rejects.toMatchObject({ code: 'closed' });
  });

  it('forgets everything when it logs out', async () => {
    const storage = memory();
    const a = await connectedAs(alice, storage);
    await a.logOut();
    expect(a.session).toBe(undefined);
    expect(a.state).toBe('idle');
    expect(createClient({ url: gateway.url, storage }).resume()).toBe(false);
  });

  it('does nothing before it is connected', async () => {
    const a = await clientOf(alice);
    await expect(say(a, 'hello')).rejects.toMatchObject({ code: 'closed' });
  });
});
