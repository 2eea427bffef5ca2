import { ClientError } from '../../../src/client/index.ts';
import type { ConversationId, PacketId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import type { Page } from '../../../src/protocol/http.ts';
import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { createReloader } from '../state/reloader.ts';
import { mergeInbox } from './fold-inbox.ts';
import { foldStatement } from './fold-statement.ts';
import { mergeItems } from './merge-items.ts';
import { peopleInItem, peopleInPacket, withPeople } from './people.ts';
import { withReceipt } from './receipt-mark.ts';
import type { SessionContext } from './session-context.ts';
import { withConversation, withOpened } from './session-state.ts';

/** Pages of one list that the page shows; a longer list is cut off there. */
const listPagesMax = 5;
const statementPageItems = 30;
const messagePageItems = 50;

/** Reads into the state. Calls that come together become one read; failures end up in `loadFailure`. */
export interface Loaders {
  friends(): Promise<void>;
  groups(): Promise<void>;
  inbox(): Promise<void>;
  wallet(): Promise<void>;
  /** The newest page of a conversation and everyone's cursors. */
  conversation(id: ConversationId): Promise<void>;
  packet(id: PacketId): Promise<void>;
  olderMessages(id: ConversationId): Promise<void>;
  olderStatement(): Promise<void>;
  /** All of it: at the start, and after a connection that may have missed something. */
  everything(): Promise<void>;
}

export function createLoaders(context: SessionContext): Loaders {
  const { client, store, learnPeople, loadFailed, afterOwnWrites } = context;
  const guarded = (load: () => Promise<void>) => createReloader(() => load().catch(loadFailed));

  const friends = guarded(async () => {
    const page = { ...afterOwnWrites(), limit: bounds.pageItems };
    const [friendList, incoming, outgoing] = await Promise.all([
      readPages((after) => client.friends({ ...page, ...after })),
      readPages((after) => client.friendRequests({ ...page, ...after, direction: 'incoming' })),
      readPages((after) => client.friendRequests({ ...page, ...after, direction: 'outgoing' })),
    ]);
    const requests = [...incoming, ...outgoing];
    const remarks = friendList.flatMap(({ user, remark }) =>
      remark === null ? [] : [[user.userId, remark] as const],
    );
    const users = [...friendList, ...requests].map((entry) => entry.user);
    store.update((state) =>
      withPeople({ ...state, friends: friendList, requests, remarks: new Map(remarks) }, users),
    );
  });

  const groups = guarded(async () => {
    const groupList = await readPages((after) =>
      client.groups({ ...after, ...afterOwnWrites(), limit: bounds.pageItems }),
    );
    store.update((state) => ({ ...state, groups: groupList }));
  });

  const inbox = guarded(async () => {
    const entries = await readPages((after) =>
      client.inbox({ ...after, ...afterOwnWrites(), limit: bounds.pageItems }),
    );
    const peers = entries.flatMap((entry) => (entry.peer === null ? [] : [entry.peer]));
    store.update((state) => withPeople({ ...state, inbox: mergeInbox(state.inbox ?? [], entries) }, peers));
    learnPeople(
      entries.flatMap(({ lastMessage }) => (lastMessage === null ? [] : peopleInItem(lastMessage))),
    );
  });

  const wallet = guarded(async () => {
    const [{ balanceFen }, page] = await Promise.all([
      client.wallet(afterOwnWrites()),
      client.statement({ ...afterOwnWrites(), limit: statementPageItems }),
    ]);
    store.update((state) => foldStatement(state, balanceFen, page));
  });

  const loadConversation = async (id: ConversationId) => {
    store.update((state) => withOpened(state, id));
    const [items, receipts] = await Promise.all([
      client.messages(id, { ...afterOwnWrites(), limit: messagePageItems }).then(itemsOf, nothingYet),
      client.receipts(id, { ...afterOwnWrites(), limit: bounds.pageItems }).then(itemsOf, nothingYet),
    ]);
    store.update((state) =>
      withConversation(state, id, (conversation) => ({
        items: mergeItems(conversation.items ?? [], items),
        pending: conversation.pending.filter((pending) => !shows(items, pending.clientMsgId)),
        receipts: receipts.reduce(withReceipt, conversation.receipts),
      })),
    );
    learnPeople([...items.flatMap(peopleInItem), ...receipts.map((receipt) => receipt.userId)]);
  };

  const loadPacket = async (id: PacketId) => {
    const packet = await client.packet(id, afterOwnWrites());
    store.update((state) => ({ ...state, packets: new Map(state.packets).set(id, packet) }));
    learnPeople(peopleInPacket(packet));
  };

  const conversationReloaders = new Map<ConversationId, () => Promise<void>>();
  const conversation = (id: ConversationId) =>
    getOrMake(conversationReloaders, id, () => guarded(() => loadConversation(id)))();
  const packetReloaders = new Map<PacketId, () => Promise<void>>();
  const packet = (id: PacketId) =>
    getOrMake(packetReloaders, id, () => guarded(() => loadPacket(id).catch(ignoreHidden)))();

  async function olderMessages(id: ConversationId): Promise<void> {
    const oldest = store.get().conversations.get(id)?.items?.[0];
    if (oldest === undefined || oldest.seq <= 1) return;
    const page = await client.messages(id, { before: oldest.seq, limit: messagePageItems });
    store.update((state) =>
      withConversation(state, id, (before) => ({
        ...before,
        items: mergeItems(page.items, before.items ?? []),
      })),
    );
    learnPeople(page.items.flatMap(peopleInItem));
  }

  async function olderStatement(): Promise<void> {
    const { statementNext } = store.get();
    if (statementNext === null) return;
    const page = await client.statement({ after: statementNext, limit: statementPageItems });
    store.update((state) =>
      state.statementNext === statementNext
        ? { ...state, statement: [...(state.statement ?? []), ...page.items], statementNext: page.next }
        : state,
    );
  }

  async function everything(): Promise<void> {
    store.update((state) => ({ ...state, loadFailure: undefined }));
    const { conversations, packets } = store.get();
    await Promise.all([
      friends(),
      groups(),
      inbox(),
      wallet(),
      ...[...conversations.keys()].map(conversation),
      ...[...packets.keys()].map(packet),
    ]);
  }

  return { friends, groups, inbox, wallet, conversation, packet, olderMessages, olderStatement, everything };
}

function itemsOf<Item>(page: { readonly items: readonly Item[] }): readonly Item[] {
  return page.items;
}

/** A conversation exists from its first item on, which comes a moment after a friendship or group is made. */
function nothingYet(error: unknown): readonly never[] {
  if (error instanceof ClientError && error.code === 'conversation-not-found') return [];
  throw error;
}

/** A packet that this user may not see, or that the read model does not have yet, stays unknown. */
function ignoreHidden(error: unknown): void {
  const hidden =
    error instanceof ClientError && (error.code === 'packet-not-found' || error.code === 'not-found');
  if (!hidden) throw error;
}

function shows(items: readonly MessageView[], clientMsgId: string): boolean {
  return items.some((item) => 'clientMsgId' in item && item.clientMsgId === clientMsgId);
}

async function readPages<Item>(
  read: (after: { after?: string }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: string | null = null;
  for (let page = 0; page < listPagesMax; page += 1) {
    const answer: Page<Item> = await read(next === null ? {} : { after: next });
    items.push(...answer.items);
    next = answer.next;
    if (next === null) break;
  }
  return items;
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
