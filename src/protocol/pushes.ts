import { type Static, type TSchema, Type } from 'typebox';
import {
  ConversationIdSchema,
  CursorSeqSchema,
  FenSchema,
  GroupIdSchema,
  NullableTextSchema,
  PacketIdSchema,
  SeqSchema,
  UserIdSchema,
} from './scalars.ts';
import { MessageViewSchema } from './views/message-views.ts';
import { PacketStateSchema, WalletEntryViewSchema } from './views/money-views.ts';
import { UserViewSchema } from './views/user-views.ts';

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** What the server sends unasked, by type: frames without an `id`. */
export const pushSchemas = {
  /** A new item in a conversation of this user. In seq order per conversation; may repeat after a reconnect. */
  message: MessageViewSchema,
  /** Someone in the conversation has received or read further. */
  receipt: Type.Object({
    conversationId: ConversationIdSchema,
    userId: UserIdSchema,
    delivered: CursorSeqSchema,
    read: CursorSeqSchema,
  }),
  /** Something changed between this user and `user`. */
  friend: Type.Object({
    change: Type.Union([
      Type.Literal('requested'),
      Type.Literal('accepted'),
      Type.Literal('declined'),
      Type.Literal('removed'),
      Type.Literal('blocked'),
      Type.Literal('unblocked'),
      Type.Literal('remark'),
    ]),
    user: UserViewSchema,
    /** Who did it: this user (on another device too) or the other. */
    by: UserIdSchema,
    /** Their conversation. */
    conversationId: ConversationIdSchema,
    /** The note of a request. */
    note: NullableTextSchema,
  }),
  /** Something changed in a group of this user. To `removed` and `left` members themselves it is the last word. */
  group: Type.Object({
    change: Type.Union([
      Type.Literal('created'),
      Type.Literal('member-joined'),
      Type.Literal('member-left'),
      Type.Literal('member-removed'),
      Type.Literal('role-changed'),
      Type.Literal('ownership-transferred'),
      Type.Literal('member-muted'),
      Type.Literal('renamed'),
      Type.Literal('announcement'),
      Type.Literal('join-policy'),
      Type.Literal('dissolved'),
    ]),
    groupId: GroupIdSchema,
    conversationId: ConversationIdSchema,
    /** The member that it happened to, where there is one. */
    userId: orNull(UserIdSchema),
  }),
  wallet: Type.Object({ balanceFen: FenSchema, entry: orNull(WalletEntryViewSchema) }),
  packet: Type.Object({
    packetId: PacketIdSchema,
    conversationId: ConversationIdSchema,
    state: PacketStateSchema,
    count: Type.Integer({ minimum: 1 }),
    taken: Type.Integer({ minimum: 0 }),
    /** The share just taken: for the sender and its taker only, `null` for others. */
    grab: orNull(
      Type.Object({
        userId: UserIdSchema,
        shareIndex: Type.Integer({ minimum: 0 }),
        amountFen: FenSchema,
      }),
    ),
    /** What has just gone back: for the sender only, `null` for others. */
    refundedFen: orNull(FenSchema),
  }),
  /** The user's own profile changed. */
  account: Type.Object({ user: UserViewSchema }),
  /**
   * Updates were left out. With a conversation: fetch its items from `from` on. Without one (`null`): read
   * whatever is on the screen again; every conversation may have moved.
   */
  resync: Type.Union([
    Type.Object({ conversationId: ConversationIdSchema, from: SeqSchema }),
    Type.Object({ conversationId: Type.Null(), from: Type.Null() }),
  ]),
  /** The server is stopping: reconnect after this delay, which is different for every connection. */
  goingAway: Type.Object({ reconnectAfterMs: Type.Integer({ minimum: 0 }) }),
} as const;

/** The data of each push, by type. */
export type PushData = { [Type in keyof typeof pushSchemas]: Static<(typeof pushSchemas)[Type]> };
export type PushType = keyof PushData;
/** A push as it goes over the wire. */
export type PushFrame = {
  [Type in PushType]: { readonly type: Type; readonly data: PushData[Type] };
}[PushType];
