import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { MessageView } from '../../src/protocol/views/message-views.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { memoryStorage, scriptedServer } from './support/scripted-server.ts';

const chat = 'direct:a~b' as ConversationId;

function message(seq: number): MessageView {
  return { kind: 'recall', conversationId: chat, seq, timeMs: 0, by: 'a' as never, recalledSeq: 1 };
}

async function connected() {
  const runtime = virtualRuntime();
  const server = scriptedServer(runtime);
  const storage = memoryStorage();
  const client = server.client({ storage });
  await runtime.settle(client.logIn({ username: 'a', password: 'b' }));
  await runtime.settle(client.connect());
  const acked = () => server.framesOf('ack').flatMap(({ data }) => ('cursors' in data ? [data.cursors] : []));
  return { runtime, server, storage, client, acked };
}

describe('an acknowledgement', () => {
  it('that a crash lost is sent by the next process', async () => {
    const { runtime, server, storage, acked } = await connected();
    server.last().push({ type: 'message', data: message(1) });
    // The cursor is stored; the server never takes the acknowledgement.
    server.last().readyState = 3;
    await runtime.advance(1_000);
    expect(acked()).toEqual([]);
    const later = server.client({ storage });
    expect(later.resume()).toBe(true);
    await runtime.settle(later.connect());
    await runtime.advance(1_000);
    expect(acked()).toEqual([[{ conversationId: chat, delivered: 1, read: 0 }]]);
  });

  it('that was under way at a disconnect is sent after the next connect', async () => {
    const { runtime, server, client, acked } = await connected();
    client.markRead(chat, 4);
    await runtime.advance(202);
    expect(acked()).toHaveLength(1);
    client.disconnect();
    await runtime.advance(60_000);
    expect(acked()).toHaveLength(1);
    await runtime.settle(client.connect());
    await runtime.advance(1_000);
    expect(acked()).toHaveLength(2);
    expect(acked().at(-1)).toEqual([{ conversationId: chat, delivered: 4, read: 4 }]);
    expect(server.sockets).toHaveLength(2);
  });
});
