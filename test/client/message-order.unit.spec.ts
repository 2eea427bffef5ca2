import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/client/client-error.ts';
import { MessageOrder } from '../../src/client/message-order.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { MessageView } from '../../src/protocol/views/message-views.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const chat = 'direct:a~b' as ConversationId;

function message(seq: number): MessageView {
  return { kind: 'recall', conversationId: chat, seq, timeMs: 0, by: 'a' as never, recalledSeq: 1 };
}

/** A server that has `head` messages, and fails as often as told. */
function setUp(options: { head?: number; failures?: (ClientError | undefined)[] } = {}) {
  const runtime = virtualRuntime();
  const server = { head: options.head ?? 0, failures: [...(options.failures ?? [])], fetches: 0 };
  const seen: number[] = [];
  const fail = () => {
    const error = server.failures.shift();
    if (error !== undefined) throw error;
  };
  const order = new MessageOrder({
    runtime,
    onMessage: ({ seq }) => seen.push(seq),
    onCursor: () => undefined,
    queries: {
      async messages(_conversation, { after = 0, limit = 50 } = {}) {
        server.fetches += 1;
        fail();
        const seqs = Array.from(
          { length: Math.min(limit, 3, Math.max(0, server.head - after)) },
          (_, n) => after + 1 + n,
        );
        return { items: seqs.map(message), more: after + seqs.length < server.head };
      },
      async inbox() {
        fail();
        const entry = {
          conversationId: chat,
          peer: null,
          groupName: null,
          headSeq: server.head,
          lastActivityMs: 0,
          lastMessage: null,
          delivered: 0,
          read: 0,
          unread: 0,
        };
        return { items: [entry], next: null };
      },
    },
  });
  return { runtime, server, order, seen };
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const temporary = () => new ClientError({ code: 'unavailable', message: '', temporary: true });

describe('messages come to the application', () => {
  it('once and in order, whatever repeats, reorders or gets lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }),
        fc.array(fc.boolean(), { maxLength: 4 }),
        async (head, arrivals, failures) => {
          const { runtime, order, seen } = setUp({
            head,
            failures: failures.map((isFailing) => (isFailing ? temporary() : undefined)),
          });
          order.restore({ [chat]: 0 });
          for (const seq of arrivals) if (seq <= head) order.receive(message(seq));
          order.receive(message(head));
          await runtime.advance(60_000);
          expect(seen).toEqual(upTo(1, head));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('from the first one on that this client sees, when it has no cursor', async () => {
    const { order, seen } = setUp({ head: 7 });
    order.receive(message(5));
    order.receive(message(6));
    expect(seen).toEqual([5, 6]);
    expect(order.cursors()).toEqual({ [chat]: 6 });
  });

  it('from the stored cursor on', async () => {
    const { runtime, order, seen } = setUp({ head: 7 });
    order.restore({ [chat]: 4 });
    order.receive(message(3));
    order.receive(message(7));
    await runtime.advance(0);
    expect(seen).toEqual([5, 6, 7]);
  });

  it('after a resync of the conversation: everything from there, by as many pages as it takes', async () => {
    const { runtime, server, order, seen } = setUp({ head: 10 });
    order.resync(chat, 2);
    await runtime.advance(0);
    expect(seen).toEqual(upTo(2, 10));
    expect(server.fetches).toBe(3);
  });

  it('after a resync of everything: what the inbox says is missing', async () => {
    const { runtime, order, seen } = setUp({ head: 4, failures: [temporary()] });
    order.restore({ [chat]: 2 });
    void order.resyncAll();
    void order.resyncAll();
    await runtime.advance(10_000);
    expect(seen).toEqual([3, 4]);
  });

  it('although the read model that answers lags behind the one that pushed', async () => {
    const { runtime, server, order, seen } = setUp({ head: 1 });
    order.restore({ [chat]: 0 });
    order.receive(message(3));
    await runtime.advance(1_000);
    expect(seen).toEqual([1]);
    server.head = 3;
    await runtime.advance(10_000);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('no more of a conversation that this user was removed from', async () => {
    const gone = new ClientError({ code: 'conversation-not-found', message: '', temporary: false });
    const { runtime, order, seen } = setUp({ head: 5, failures: [gone] });
    order.resync(chat, 1);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
    expect(order.cursors()).toEqual({});
    expect(runtime.pendingTimers).toBe(0);
  });

  it('not at all after the session has ended', async () => {
    const { runtime, order, seen } = setUp({ head: 5 });
    order.resync(chat, 1);
    order.stop();
    order.receive(message(6));
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
  });
});
