import { describe, expect, it } from 'vitest';
import { AckSender } from '../../src/client/ack-sender.ts';
import { ClientError } from '../../src/client/client-error.ts';
import { limits } from '../../src/config/limits.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import { bounds } from '../../src/protocol/bounds.ts';
import type { Takes } from '../../src/protocol/requests.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const [one, other] = ['group:1' as ConversationId, 'group:2' as ConversationId];

function setUp() {
  const runtime = virtualRuntime();
  const sent: Takes<'ack'>['cursors'][] = [];
  const failures: ClientError[] = [];
  /** What the server refuses for good, and with it the whole frame. */
  const refused = new Set<ConversationId>();
  const acks = new AckSender(runtime, async ({ cursors }) => {
    sent.push(cursors);
    const error = failures.shift();
    if (error !== undefined) throw error;
    if (cursors.some(({ conversationId }) => refused.has(conversationId))) throw notFound();
  });
  acks.start();
  return { runtime, sent, failures, refused, acks };
}

const notFound = () => new ClientError({ code: 'conversation-not-found', message: '', temporary: false });
const group = (no: number) => `group:${no}` as ConversationId;

describe('acknowledgements', () => {
  it('are gathered: one frame for any number of messages and conversations', async () => {
    const { runtime, sent, acks } = setUp();
    for (let seq = 1; seq <= 50; seq++) acks.delivered(one, seq);
    acks.read(other, 3);
    acks.delivered(other, 2);
    await runtime.advance(limits.client.ackWindowMs);
    expect(sent).toEqual([
      [
        { conversationId: one, delivered: 50, read: 0 },
        { conversationId: other, delivered: 3, read: 3 },
      ],
    ]);
    await runtime.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  it('that could not be sent are sent again, together with what came since', async () => {
    const { runtime, sent, failures, acks } = setUp();
    failures.push(new ClientError({ code: 'unknown-outcome', message: '', temporary: true }));
    acks.read(one, 5);
    await runtime.advance(limits.client.ackWindowMs);
    acks.delivered(one, 9);
    await runtime.advance(limits.client.ackWindowMs);
    expect(sent.at(-1)).toEqual([{ conversationId: one, delivered: 9, read: 5 }]);
  });

  it('that were refused for good are dropped', async () => {
    const { runtime, sent, failures, acks } = setUp();
    failures.push(notFound());
    acks.read(one, 5);
    await runtime.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('of more conversations than a frame holds take several', async () => {
    const { runtime, sent, acks } = setUp();
    for (let n = 0; n <= bounds.ackCursorsPerRequest; n++) acks.delivered(group(n), 1);
    await runtime.advance(limits.client.ackWindowMs);
    expect(sent.map((cursors) => cursors.length)).toEqual([bounds.ackCursorsPerRequest, 1]);
  });

  it('of one conversation that is refused cost the others nothing', async () => {
    const { runtime, sent, refused, acks } = setUp();
    const count = bounds.ackCursorsPerRequest;
    refused.add(group(7)).add(group(150));
    for (let n = 0; n < count; n++) acks.read(group(n), n + 1);
    await runtime.advance(60_000);
    const taken = sent.filter((cursors) =>
      cursors.every(({ conversationId }) => !refused.has(conversationId)),
    );
    const expected = Array.from({ length: count }, (_, n) => group(n)).filter((id) => !refused.has(id));
    expect(
      taken
        .flat()
        .map(({ conversationId }) => conversationId)
        .toSorted(),
    ).toEqual(expected.toSorted());
    expect(taken.flat()).toContainEqual({ conversationId: group(8), delivered: 9, read: 9 });
    expect(sent.length).toBeLessThan(40);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('that are all refused end, after at most twice as many requests', async () => {
    const { runtime, sent, refused, acks } = setUp();
    for (let n = 0; n < 50; n++) {
      refused.add(group(n));
      acks.delivered(group(n), 1);
    }
    await runtime.advance(600_000);
    expect(sent.length).toBeLessThan(100);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('that were under way when the connection was let go of go out on the next one', async () => {
    const { runtime, sent, failures, acks } = setUp();
    failures.push(new ClientError({ code: 'closed', message: 'disconnected', temporary: false }));
    acks.read(one, 5);
    await runtime.advance(limits.client.ackWindowMs - 1);
    runtime.timers.after(1, () => acks.pause());
    await runtime.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(runtime.pendingTimers).toBe(0);
    acks.read(other, 3);
    acks.start();
    await runtime.advance(limits.client.ackWindowMs);
    expect(sent.at(-1)).toEqual([
      { conversationId: one, delivered: 5, read: 5 },
      { conversationId: other, delivered: 3, read: 3 },
    ]);
  });

  it('wait for a connection, and are forgotten when their session ends', async () => {
    const { runtime, sent, acks } = setUp();
    acks.pause();
    acks.read(one, 5);
    await runtime.advance(60_000);
    expect(sent).toEqual([]);
    acks.stop();
    acks.start();
    await runtime.advance(60_000);
    expect(sent).toEqual([]);
  });
});
