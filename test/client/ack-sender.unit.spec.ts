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
  const acks = new AckSender(runtime, async ({ cursors }) => {
    sent.push(cursors);
    const error = failures.shift();
    if (error !== undefined) throw error;
  });
  return { runtime, sent, failures, acks };
}

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
    failures.push(new ClientError({ code: 'conversation-not-found', message: '', temporary: false }));
    acks.read(one, 5);
    await runtime.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('of more conversations than a frame holds take several', async () => {
    const { runtime, sent, acks } = setUp();
    for (let n = 0; n <= bounds.ackCursorsPerRequest; n++) acks.delivered(`group:${n}` as ConversationId, 1);
    await runtime.advance(limits.client.ackWindowMs);
    expect(sent.map((cursors) => cursors.length)).toEqual([bounds.ackCursorsPerRequest, 1]);
  });
});
