import { describe, expect, it } from 'vitest';
import type { ClientEvents } from '../../src/client/api.ts';
import { Emitter } from '../../src/client/emitter.ts';
import type { PacketId } from '../../src/domain/ids.ts';
import type { MessageView } from '../../src/protocol/views/message-views.ts';
import { handlePushes } from '../../web/src/session/push-handlers.ts';
import type { SessionContext } from '../../web/src/session/session-context.ts';
import { initialState, noConversation } from '../../web/src/session/session-state.ts';
import { createStore } from '../../web/src/state/store.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { conversationId, friend, me, textAt } from './messages.ts';

const packetId = 'packet-1' as PacketId;
const packetMessage: MessageView = {
  kind: 'packet',
  conversationId,
  seq: 2,
  timeMs: 2_000,
  senderId: friend,
  clientMsgId: 'message-2' as never,
  messageNo: 2,
  packetId,
  greeting: 'Best wishes',
};
const packetPush: ClientEvents['packet'] = {
  packetId,
  conversationId,
  state: 'open',
  count: 3,
  taken: 1,
  grabs: [],
};

/** The updates of a page on which this much of the conversation is open, and what they make it load. */
function setUp(items: readonly MessageView[] | undefined) {
  const loads: string[] = [];
  const client = new Emitter<ClientEvents>();
  const state = initialState({ userId: me, username: 'alice', nickname: 'Alice' });
  const conversations =
    items === undefined ? new Map() : new Map([[conversationId, { ...noConversation, items }]]);
  const context = {
    client,
    store: createStore({ ...state, conversations }),
    runtime: virtualRuntime(),
    me,
    learnPeople: () => undefined,
  };
  const load = (name: string) => async (id?: string) => {
    loads.push(id === undefined ? name : `${name} ${id}`);
  };
  const loaders = {
    everything: load('everything'),
    inbox: load('inbox'),
    conversation: load('conversation'),
    packet: load('packet'),
  };
  handlePushes(context as unknown as SessionContext, loaders as never, () => undefined);
  return { client, loads };
}

describe('an update of a packet', () => {
  it('that is shown and could not be read yet makes the page read it', () => {
    const { client, loads } = setUp([textAt(1), packetMessage]);
    client.emit('packet', packetPush);
    expect(loads).toEqual([`packet ${packetId}`]);
  });

  it('that is shown nowhere loads nothing', () => {
    for (const items of [undefined, [textAt(1)]]) {
      const { client, loads } = setUp(items);
      client.emit('packet', packetPush);
      expect(loads).toEqual([]);
    }
  });
});

describe('that updates may have been missed', () => {
  it('makes the page read everything again', () => {
    const { client, loads } = setUp([textAt(1)]);
    client.emit('resync', { conversationId: null, from: null });
    expect(loads).toEqual(['everything']);
  });

  it('makes it read one conversation again, where that is all', () => {
    const { client, loads } = setUp([textAt(1)]);
    client.emit('resync', { conversationId, from: 2 });
    expect(loads).toEqual([`conversation ${conversationId}`, 'inbox']);
  });
});
