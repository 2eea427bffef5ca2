import { type Static, Type } from 'typebox';
import {
  ClientMsgIdSchema,
  ConversationIdSchema,
  CursorSeqSchema,
  NullableTextSchema,
  PacketIdSchema,
  SeqSchema,
  TimeMsSchema,
  UserIdSchema,
} from '../scalars.ts';
import { UserViewSchema } from './user-views.ts';

const place = { conversationId: ConversationIdSchema, seq: SeqSchema, timeMs: TimeMsSchema };
const sent = {
  ...place,
  senderId: UserIdSchema,
  clientMsgId: ClientMsgIdSchema,
  /** 1, 2, 3 ... over the countable messages of the conversation: unread counts are made of it. */
  messageNo: Type.Integer({ minimum: 1 }),
};

export const NoticeSchema = Type.Union([
  Type.Object({ kind: Type.Literal('friends-now'), by: UserIdSchema }),
  Type.Object({
    kind: Type.Literal('group-created'),
    by: UserIdSchema,
    memberIds: Type.Unsafe<readonly Static<typeof UserIdSchema>[]>(Type.Array(UserIdSchema)),
  }),
  Type.Object({ kind: Type.Literal('member-joined'), userId: UserIdSchema, invitedBy: UserIdSchema }),
  Type.Object({ kind: Type.Literal('member-left'), userId: UserIdSchema }),
  Type.Object({ kind: Type.Literal('member-removed'), userId: UserIdSchema, by: UserIdSchema }),
  Type.Object({ kind: Type.Literal('group-renamed'), by: UserIdSchema }),
  Type.Object({ kind: Type.Literal('group-dissolved'), by: UserIdSchema }),
]);

/**
 * One item of a conversation's flow. Every seq from 1 to the head is exactly one of these, so a client that has
 * them all knows that it has missed nothing.
 */
export const MessageViewSchema = Type.Union([
  /** `text` is `null` when the sender was forgotten. */
  Type.Object({ kind: Type.Literal('text'), ...sent, text: NullableTextSchema }),
  Type.Object({
    kind: Type.Literal('packet'),
    ...sent,
    packetId: PacketIdSchema,
    greeting: NullableTextSchema,
  }),
  /** A message that was taken back: its seq stays, its content is gone. */
  Type.Object({ kind: Type.Literal('recalled'), ...sent }),
  /** The taking back itself: the client drops the content of `recalledSeq`. */
  Type.Object({ kind: Type.Literal('recall'), ...place, by: UserIdSchema, recalledSeq: SeqSchema }),
  Type.Object({ kind: Type.Literal('notice'), ...place, notice: NoticeSchema }),
]);
export type MessageView = Static<typeof MessageViewSchema>;

/** How far one participant has come: everything up to these seqs. */
export const ReceiptViewSchema = Type.Object({
  userId: UserIdSchema,
  /** The furthest that any of the user's devices has received. */
  delivered: CursorSeqSchema,
  read: CursorSeqSchema,
});
export type ReceiptView = Static<typeof ReceiptViewSchema>;

export const InboxEntryViewSchema = Type.Object({
  conversationId: ConversationIdSchema,
  /** The other one of a direct conversation; `null` for a group. */
  peer: Type.Union([UserViewSchema, Type.Null()]),
  /** A group's name; `null` for a direct conversation. */
  groupName: NullableTextSchema,
  /** The newest seq. */
  headSeq: CursorSeqSchema,
  /** When the newest item that is shown came. */
  lastActivityMs: TimeMsSchema,
  /** The newest item that is shown: any but a recall. */
  lastMessage: Type.Union([MessageViewSchema, Type.Null()]),
  /** The reader's own cursors. */
  delivered: CursorSeqSchema,
  read: CursorSeqSchema,
  /** Countable messages by others after the read cursor. */
  unread: Type.Integer({ minimum: 0 }),
});
export type InboxEntryView = Static<typeof InboxEntryViewSchema>;
