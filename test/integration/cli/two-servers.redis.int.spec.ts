import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../../src/client/index.ts';
import { directConversationId } from '../../../src/domain/ids.ts';
import { anotherDevice, befriend, type Person, register, say } from '../../support/people.ts';
import { startRedis, type TestRedis } from '../../support/redis-server.ts';
import { type SecondApp, startSecondApp } from '../../support/second-app.ts';
import { startServer, type TestServer } from '../../support/server.ts';

describe('two servers that share a Redis', () => {
  let redis: TestRedis;
  let server: TestServer;
  let second: SecondApp;
  let alice: Person;
  let bob: Person;
  let far: Client;

  beforeAll(async () => {
    redis = await startRedis();
    server = await startServer({ REDIS_URL: redis.url });
    second = await startSecondApp(server);
    [alice, bob] = await Promise.all([register('Alice', server.url), register('Bob', server.url)]);
    far = await anotherDevice(bob, second.url);
  });

  afterAll(async () => {
    for (const client of [alice?.client, bob?.client, far]) client?.disconnect();
    await second?.stop();
    await server?.close();
    await redis?.close();
  });

  const hears = (client: Client, text: string) =>
    client.next('message', (message) => message.kind === 'text' && message.text === text);

  it('push to each other’s clients, both ways', async () => {
    const chat = await befriend(alice, bob);
    const overThere = hears(far, 'over there');
    await say(alice, chat, 'over there');
    await overThere;
    const backHere = hears(alice.client, 'back here');
    await say({ ...bob, client: far }, chat, 'back here');
    expect(await backHere).toMatchObject({ conversationId: chat, senderId: bob.userId });
  });

  it('lose nothing while it is away: clients are told to read what was not pushed', async () => {
    const chat = directConversationId(alice.userId, bob.userId);
    const told = far.next('resync', ({ conversationId }) => conversationId === null, 60_000);
    await redis.stop();
    const seq = await say(alice, chat, 'while it was away');
    await told;
    const { items } = await far.messages(chat, { after: seq - 1 });
    expect(items).toMatchObject([{ kind: 'text', text: 'while it was away', seq }]);
  });
});
