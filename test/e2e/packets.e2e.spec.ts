import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientError } from '../../src/client/index.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { Takes } from '../../src/protocol/requests.ts';
import { freshMessageId, freshNonce, type Person, register, topUp } from '../support/people.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** What people do with packets beyond sending and grabbing them, over the socket and HTTP of a whole server. */
describe('red packets', () => {
  let server: TestServer;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let group: ConversationId;

  beforeAll(async () => {
    server = await startServer({ HONGBAO_PACKET_SHARES_MAX: '5', HONGBAO_SENT_FEN_PER_DAY: '10000' });
    [alice, bob, carol] = (await Promise.all(
      ['Alice', 'Bob', 'Carol'].map((name) => register(name, server.url)),
    )) as [Person, Person, Person];
    const { data } = await alice.client.request('createGroup', {
      name: 'Family',
      memberIds: [bob.userId, carol.userId],
    });
    group = data.conversationId;
    await topUp(alice, 50_000);
  });

  afterAll(async () => {
    for (const person of [alice, bob, carol]) person?.client.disconnect();
    await server?.close();
  });

  const send = (change: Partial<Takes<'sendPacket'>> = {}) =>
    alice.client.request('sendPacket', {
      conversationId: group,
      clientMsgId: freshMessageId(),
      kind: 'lucky',
      totalFen: 1_000,
      count: 2,
      ttlSeconds: 600,
      receivers: [],
      greeting: 'Best wishes',
      nonce: freshNonce(),
      ...change,
    });

  const codeOf = (request: Promise<unknown>) =>
    request.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ClientError ? error.code : error),
    );

  it('with a phrase and a cover are looked at, opened, thanked for and recorded', async () => {
    const { data } = await send({ phrase: 'Open Sesame', cover: 'new-year' });
    const { packetId } = data;
    const { data: seen } = await bob.client.request('peekPacket', { packetId });
    expect(seen).toMatchObject({ state: 'open', needsPhrase: true, taken: 0, amountFen: null });

    expect(await codeOf(bob.client.request('grabPacket', { packetId }))).toBe('phrase-wrong');
    const phrase = ' open  SESAME ';
    const { data: bobs } = await bob.client.request('grabPacket', { packetId, phrase });
    const { data: carols } = await carol.client.request('grabPacket', { packetId, phrase });
    expect(bobs.amountFen + carols.amountFen).toBe(1_000);

    const told = alice.client.next('packet', ({ grabs }) => grabs.some((grab) => grab.thanks !== null));
    const thanked = await bob.client.request('thankForPacket', { packetId, note: 'How kind!' });
    expect((await told).grabs).toMatchObject([{ userId: bob.userId, thanks: 'How kind!' }]);

    const afterPosition = { afterPosition: thanked.position };
    const packet = await carol.client.packet(packetId, afterPosition);
    expect(packet).toMatchObject({ state: 'exhausted', cover: 'new-year', needsPhrase: true });
    expect(packet.takenInMs).toBe(packet.endedAtMs! - packet.sentAtMs);
    expect(packet.grabs?.map((grab) => grab.thanks)).toEqual(['How kind!', null]);
    expect(JSON.stringify(packet).toLowerCase()).not.toContain('sesame');

    const proof = await bob.client.packetProof(packetId, afterPosition);
    expect(proof.checks.map(({ check, ok }) => [check, ok])).toEqual([
      ['commitment', true],
      ['shares-in-order', true],
      ['share-amount', true],
      ['share-amount', true],
      ['sum', true],
    ]);

    const received = await bob.client.receivedShares(afterPosition);
    expect(received.items).toMatchObject([{ packetId, senderId: alice.userId, amountFen: bobs.amountFen }]);
    const sent = await alice.client.sentPackets(afterPosition);
    expect(sent.items).toMatchObject([{ packetId, totalFen: 1_000, taken: 2, state: 'exhausted' }]);
    // The calendar of China: 8 hours before that of Greenwich.
    const year = new Date(Date.now() + 8 * 3_600_000).getUTCFullYear();
    const winner = packet.luckiest === bob.userId ? 1 : 0;
    expect(await bob.client.yearlyRecord(year, afterPosition)).toEqual({
      year,
      sent: { count: 0, totalFen: 0, returnedFen: 0 },
      received: { count: 1, totalFen: bobs.amountFen, bestFen: bobs.amountFen, luckiestCount: winner },
    });
  });

  it("are refused above the operator's limits, and nothing is written", async () => {
    const { balanceFen } = await alice.client.wallet();
    expect(await codeOf(send({ count: 6, totalFen: 600 }))).toBe('shares-invalid');
    expect(await codeOf(send({ totalFen: 9_001 }))).toBe('daily-limit');
    expect(await codeOf(send({ phrase: ' ' }))).toBe('phrase-invalid');
    expect(await codeOf(send({ cover: 'gold' as never }))).toBe('bad-request');
    expect(await alice.client.wallet()).toEqual({ balanceFen });
  });
});
