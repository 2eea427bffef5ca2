import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/client/client-error.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { createMoneyActions, type PacketDraft } from '../../web/src/session/money-actions.ts';
import type { SessionContext } from '../../web/src/session/session-context.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const draft: PacketDraft = {
  conversationId: 'group:1' as ConversationId,
  kind: 'lucky',
  totalFen: 888,
  count: 3,
  ttlSeconds: 60,
  receivers: [],
  greeting: 'Best wishes',
};
const unknownOutcome = new ClientError({ code: 'unknown-outcome', message: '', temporary: true });
const refused = new ClientError({ code: 'insufficient-funds', message: '', temporary: false });

/** A server that answers as told, and what it was sent: data and command id. */
function setUp(...outcomes: ('accepted' | ClientError)[]) {
  const sent: Record<string, unknown>[] = [];
  const context = {
    runtime: virtualRuntime(),
    async command(_type: string, data: object, options?: { commandId?: string }) {
      sent.push({ ...data, ...options });
      const outcome = outcomes.shift();
      if (outcome instanceof ClientError) throw outcome;
      return {};
    },
  };
  return { sent, actions: createMoneyActions(context as unknown as SessionContext, {} as never) };
}

describe('a packet', () => {
  it('whose outcome is not known is the same packet when it is sent again', async () => {
    const { sent, actions } = setUp(unknownOutcome, refused, 'accepted');
    const send = actions.packetSender();
    await expect(send(draft)).rejects.toBe(unknownOutcome);
    await expect(send({ ...draft })).rejects.toBe(refused);
    await send(draft);
    expect(sent[0]).toMatchObject({ ...draft, nonce: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(sent[0]).toHaveProperty('clientMsgId');
    expect(sent[0]).toHaveProperty('commandId');
    expect(sent).toEqual([sent[0], sent[0], sent[0]]);
  });

  it.each([
    ['kind', { kind: 'equal' }],
    ['amount', { totalFen: 889 }],
    ['number of shares', { count: 4 }],
    ['life', { ttlSeconds: 10 }],
    ['receivers', { receivers: ['u' as never] }],
    ['greeting', { greeting: 'Good luck' }],
  ] satisfies [string, Partial<PacketDraft>][])(
    'with another %s is another packet',
    async (_name, change) => {
      const { sent, actions } = setUp(unknownOutcome);
      const send = actions.packetSender();
      await send(draft).catch(() => undefined);
      await send({ ...draft, ...change });
      for (const id of ['clientMsgId', 'nonce', 'commandId']) expect(sent[1]?.[id]).not.toBe(sent[0]?.[id]);
    },
  );

  it('after one that was sent is another packet, even if it says the same', async () => {
    const { sent, actions } = setUp();
    const send = actions.packetSender();
    await send(draft);
    await send(draft);
    for (const id of ['clientMsgId', 'nonce', 'commandId']) expect(sent[1]?.[id]).not.toBe(sent[0]?.[id]);
  });
});

describe('a top-up', () => {
  it('whose outcome is not known comes once, however often it is asked for', async () => {
    const { sent, actions } = setUp(unknownOutcome, 'accepted', 'accepted');
    const deposit = actions.depositor();
    await expect(deposit(100)).rejects.toBe(unknownOutcome);
    await deposit(100);
    await deposit(100);
    const references = sent.map(({ providerRef }) => providerRef);
    expect(references[1]).toBe(references[0]);
    expect(sent[1]?.commandId).toBe(sent[0]?.commandId);
    expect(references[2]).not.toBe(references[0]);
  });

  it('of another amount is another top-up', async () => {
    const { sent, actions } = setUp(unknownOutcome);
    const deposit = actions.depositor();
    await deposit(100).catch(() => undefined);
    await deposit(200);
    expect(sent[1]?.providerRef).not.toBe(sent[0]?.providerRef);
  });
});
