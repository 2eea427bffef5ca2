import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, ClientError } from '../../src/client/index.ts';
import type { ConversationId, PacketId } from '../../src/domain/ids.ts';
import {
  anotherDevice,
  befriend,
  freshMessageId,
  freshNonce,
  type Person,
  register,
  topUp,
} from '../support/people.ts';
import { type SecondApp, startSecondApp } from '../support/second-app.ts';
import { startServer, type TestServer } from '../support/server.ts';

const rounds = 100;

/**
 * Two server processes share one log and know nothing of each other: only the packet's own stream decides who
 * gets the last share.
 */
describe('Bob and Carol grabbing the last share through two servers', () => {
  let server: TestServer;
  let second: SecondApp;
  let alice: Person;
  let people: { readonly bob: Client; readonly carol: Client };
  let group: ConversationId;

  beforeAll(async () => {
    server = await startServer();
    second = await startSecondApp(server);
    const [sender, bob, carol] = await Promise.all([
      register('Alice', server.url),
      register('Bob', server.url),
      register('Carol', server.url),
    ]);
    alice = sender;
    await befriend(alice, bob);
    await befriend(alice, carol);
    const { data } = await alice.client.request('createGroup', {
      name: 'Race',
      memberIds: [bob.userId, carol.userId],
    });
    group = data.conversationId;
    await topUp(alice, rounds * 100);
    people = { bob: bob.client, carol: await anotherDevice(carol, second.url) };
    carol.client.disconnect();
  });

  afterAll(async () => {
    alice?.client.disconnect();
    people?.bob.disconnect();
    people?.carol.disconnect();
    await second?.stop();
    await server?.close();
  });

  it(`has exactly one winner in each of ${rounds} rounds, and each of them wins some`, async () => {
    const wins = { bob: 0, carol: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const { data: packet } = await alice.client.request('sendPacket', {
        conversationId: group,
        clientMsgId: freshMessageId(),
        kind: 'lucky',
        totalFen: 100,
        count: 1,
        ttlSeconds: 600,
        receivers: [],
        greeting: '',
        nonce: freshNonce(),
      });
      // Who is sent first changes every round, so that neither is first by being named first.
      const grabbers = round % 2 === 0 ? (['bob', 'carol'] as const) : (['carol', 'bob'] as const);
      const grabs = grabbers.map(async (who) => [who, await outcome(people[who], packet.packetId)] as const);
      const { bob: byBob, carol: byCarol } = Object.fromEntries(await Promise.all(grabs));
      expect([byBob, byCarol].toSorted(), `round ${round}`).toEqual(['packet-exhausted', 'won']);
      wins[byBob === 'won' ? 'bob' : 'carol'] += 1;
    }
    expect(wins.bob).toBeGreaterThan(0);
    expect(wins.carol).toBeGreaterThan(0);
    expect(wins.bob + wins.carol).toBe(rounds);
  });
});

async function outcome(client: Client, packetId: PacketId): Promise<string> {
  try {
    const { data } = await client.request('grabPacket', { packetId });
    return data.amountFen === 100 ? 'won' : `won ${data.amountFen}`;
  } catch (error) {
    if (error instanceof ClientError) return error.code;
    throw error;
  }
}
