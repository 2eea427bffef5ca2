import type { ClientErrorCode } from '../../../src/client/index.ts';
import type { ConversationId, PacketId, UserId } from '../../../src/domain/ids.ts';
import type { GroupView } from '../../../src/protocol/views/group-views.ts';
import type { InboxEntryView, MessageView } from '../../../src/protocol/views/message-views.ts';
import type { PacketView, WalletEntryView } from '../../../src/protocol/views/money-views.ts';
import type { FriendRequestView, FriendView, UserView } from '../../../src/protocol/views/user-views.ts';

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number }
  /** The server does not take this page as it is; whoever is signed in stays so. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'ended' };

/** A message of this side that the server's flow does not show yet. */
export interface PendingMessage {
  readonly clientMsgId: string;
  readonly text: string;
  readonly status: 'sending' | 'sent' | 'failed';
  /** Why it failed. */
  readonly code?: ClientErrorCode;
}

export interface Cursors {
  readonly delivered: number;
  readonly read: number;
}

export interface ConversationState {
  /** In ascending seq without a hole; `undefined` until the first page is there. */
  readonly items: readonly MessageView[] | undefined;
  readonly pending: readonly PendingMessage[];
  /** How far each participant has come. */
  readonly receipts: ReadonlyMap<UserId, Cursors>;
}

/** Something that just happened and deserves a word, wherever the user is on the page. */
export type News = { readonly newsId: string } & (
  | { readonly kind: 'refund'; readonly amountFen: number }
  | { readonly kind: 'grabbed'; readonly userId: UserId; readonly amountFen: number }
  | { readonly kind: 'friend-request'; readonly userId: UserId }
  | { readonly kind: 'friend-accepted'; readonly userId: UserId }
);

/** All that one side of the page knows. `undefined` means that it has not been loaded yet. */
export interface SessionState {
  readonly me: UserView;
  readonly connection: ConnectionState;
  /** The server's clock minus this browser's. */
  readonly clockOffsetMs: number;
  readonly people: ReadonlyMap<UserId, UserView>;
  /** What this user calls a friend. */
  readonly remarks: ReadonlyMap<UserId, string>;
  readonly friends: readonly FriendView[] | undefined;
  readonly requests: readonly FriendRequestView[] | undefined;
  readonly groups: readonly GroupView[] | undefined;
  /** Newest first. */
  readonly inbox: readonly InboxEntryView[] | undefined;
  readonly conversations: ReadonlyMap<ConversationId, ConversationState>;
  readonly packets: ReadonlyMap<PacketId, PacketView>;
  readonly balanceFen: number | undefined;
  /** Newest first. */
  readonly statement: readonly WalletEntryView[] | undefined;
  /** What `statement` goes on with; `null` at its end. */
  readonly statementNext: string | null;
  /** Why the last loading failed; `undefined` when it did not. */
  readonly loadFailure: ClientErrorCode | undefined;
  /** The latest only. */
  readonly news: News | undefined;
}

export const noConversation: ConversationState = { items: undefined, pending: [], receipts: new Map() };

export function initialState(me: UserView): SessionState {
  return {
    me,
    connection: { kind: 'connecting' },
    clockOffsetMs: 0,
    people: new Map([[me.userId, me]]),
    remarks: new Map(),
    friends: undefined,
    requests: undefined,
    groups: undefined,
    inbox: undefined,
    conversations: new Map(),
    packets: new Map(),
    balanceFen: undefined,
    statement: undefined,
    statementNext: null,
    loadFailure: undefined,
    news: undefined,
  };
}

/** The state with a place for this conversation: from now on what comes in for it is kept. */
export function withOpened(state: SessionState, id: ConversationId): SessionState {
  if (state.conversations.has(id)) return state;
  return { ...state, conversations: new Map(state.conversations).set(id, noConversation) };
}

/** The state with `change` applied to one conversation. One that was never opened stays unknown. */
export function withConversation(
  state: SessionState,
  id: ConversationId,
  change: (conversation: ConversationState) => ConversationState,
): SessionState {
  const before = state.conversations.get(id);
  if (before === undefined) return state;
  const after = change(before);
  if (after === before) return state;
  return { ...state, conversations: new Map(state.conversations).set(id, after) };
}
