import type { ConversationId, PacketId } from '../../../src/domain/ids.ts';
import type { PushData } from '../../../src/protocol/pushes.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { foldInbox } from './fold-inbox.ts';
import { foldPacket } from './fold-packet.ts';
import type { Loaders } from './loaders.ts';
import { mergeItems } from './merge-items.ts';
import { peopleInItem, withPeople } from './people.ts';
import { withReceipt } from './receipt-mark.ts';
import type { SessionContext } from './session-context.ts';
import { type ConversationState, type News, withConversation } from './session-state.ts';

type NewsWithoutId = News extends infer Each ? (Each extends News ? Omit<Each, 'newsId'> : never) : never;

/** Takes in everything that the server tells unasked, until the returned function is called. */
export function handlePushes(
  context: SessionContext,
  loaders: Loaders,
  markActiveRead: (id: ConversationId) => void,
): () => void {
  const { client, store, runtime, me, learnPeople } = context;

  function tell(news: NewsWithoutId): void {
    const item: News = { ...news, newsId: runtime.ids.next() };
    store.update((state) => ({ ...state, news: item }));
  }

  function onMessage(item: MessageView): void {
    const id = item.conversationId;
    const known = store.get().conversations.get(id);
    const lastSeq = known?.items?.at(-1)?.seq ?? 0;
    // Its first page may be under way and not hold this item; and a hole means that something was missed.
    const isAhead = known?.items === undefined || item.seq > lastSeq + 1;
    if (known !== undefined && isAhead) void loaders.conversation(id);
    store.update((state) => withConversation(state, id, (conversation) => takeItem(conversation, item)));

    const { inbox } = store.get();
    const folded = inbox === undefined ? undefined : foldInbox(inbox, item, me);
    if (folded === undefined) void loaders.inbox();
    else store.update((state) => ({ ...state, inbox: folded }));
    learnPeople(peopleInItem(item));
    markActiveRead(id);
  }

  function onReceipt(push: PushData['receipt']): void {
    const { userId, conversationId } = push;
    store.update((state) =>
      withConversation(state, conversationId, (conversation) => {
        const receipts = withReceipt(conversation.receipts, push);
        return receipts === conversation.receipts ? conversation : { ...conversation, receipts };
      }),
    );
    // Read on another device of mine: the unread counts are the server's.
    const entry = store.get().inbox?.find((candidate) => candidate.conversationId === conversationId);
    if (userId === me && entry !== undefined && push.read > entry.read) void loaders.inbox();
  }

  function onFriend(push: PushData['friend']): void {
    const { entry, userId } = push;
    const before = store.get();
    if (entry !== null) store.update((state) => withPeople(state, [entry.user]));
    const isAmong = (direction: 'incoming' | 'outgoing') =>
      before.requests?.some((known) => known.direction === direction && known.user.userId === userId) ??
      false;
    if (push.list === 'incoming' && entry !== null && !isAmong('incoming')) {
      tell({ kind: 'friend-request', userId });
    }
    if (push.list === 'friends' && entry !== null && isAmong('outgoing')) {
      tell({ kind: 'friend-accepted', userId });
    }
    void loaders.friends();
    if (push.list === 'friends') void loaders.inbox();
  }

  function onWallet({ balanceFen, entries }: PushData['wallet']): void {
    const { statement } = store.get();
    if (statement === undefined) {
      void loaders.wallet();
      return;
    }
    const newest = statement[0]?.entryNo ?? 0;
    const fresh = entries.filter((entry) => entry.entryNo > newest);
    store.update((state) => ({ ...state, balanceFen, statement: [...fresh.toReversed(), ...statement] }));
    for (const entry of fresh) {
      if (entry.kind === 'refund') tell({ kind: 'refund', amountFen: entry.amountFen });
    }
  }

  function onPacket(push: PushData['packet']): void {
    const { packetId, conversationId, grabs } = push;
    const { packets, conversations } = store.get();
    const known = packets.get(packetId);
    if (known !== undefined) {
      store.update((state) => ({
        ...state,
        packets: new Map(state.packets).set(packetId, foldPacket(known, push)),
      }));
    }
    // Its message may have come before reads could show the packet: now they can.
    if (known !== undefined || showsPacket(conversations.get(conversationId), packetId)) {
      void loaders.packet(packetId);
    }
    const others = grabs.filter((grab) => grab.userId !== me);
    learnPeople(others.map((grab) => grab.userId));
    for (const { userId, amountFen } of others) tell({ kind: 'grabbed', userId, amountFen });
  }

  const off = [
    client.on('message', onMessage),
    client.on('receipt', onReceipt),
    client.on('friend', onFriend),
    client.on('wallet', onWallet),
    client.on('packet', onPacket),
    client.on('group', () => {
      void loaders.groups();
      void loaders.inbox();
    }),
    client.on('account', ({ user }) => {
      store.update((state) => withPeople({ ...state, me: user }, [user]));
    }),
    client.on('resync', ({ conversationId }) => {
      void (conversationId === null ? loaders.everything() : loaders.conversation(conversationId));
      if (conversationId !== null) void loaders.inbox();
    }),
  ];
  return () => {
    for (const stop of off) stop();
  };
}

function showsPacket(conversation: ConversationState | undefined, packetId: PacketId): boolean {
  return conversation?.items?.some((item) => item.kind === 'packet' && item.packetId === packetId) ?? false;
}

/** A conversation after one more item: at its end, where it was loaded, and no longer among the pending ones. */
function takeItem(conversation: ConversationState, item: MessageView): ConversationState {
  const clientMsgId = 'clientMsgId' in item ? item.clientMsgId : undefined;
  const pending = conversation.pending.filter((waiting) => waiting.clientMsgId !== clientMsgId);
  const { items } = conversation;
  return { ...conversation, pending, items: items === undefined ? undefined : mergeItems(items, [item]) };
}
