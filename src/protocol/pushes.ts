import { type Static, type TSchema, Type } from 'typebox';
import {
  ConversationIdSchema,
  CursorSeqSchema,
  FenSchema,
  PacketIdSchema,
  SeqSchema,
  UserIdSchema,
} from './scalars.ts';
import { GroupMembershipSchema, GroupViewSchema } from './views/group-views.ts';
import { MessageViewSchema } from './views/message-views.ts';
import { GrabViewSchema, PacketStateSchema, WalletEntryViewSchema } from './views/money-views.ts';
import {
  BlockViewSchema,
  FriendRequestViewSchema,
  FriendViewSchema,
  UserViewSchema,
} from './views/user-views.ts';

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** What the server sends unasked, by type: frames without an `id`. */
export const pushSchemas = {
  /** A new item in a conversation of this user. In seq order per conversation; may repeat after a reconnect. */
  message: MessageViewSchema,
  /** Someone in the conversation has received or read further; not told in groups that are large (see bounds.ts). */
  receipt: Type.Object({
    conversationId: ConversationIdSchema,
    userId: UserIdSchema,
    delivered: CursorSeqSchema,
    read: CursorSeqSchema,
  }),
  /** An entry of one of this user's lists is new or changed, or (`null`) gone. */
  friend: Type.Union([
    Type.Object({ list: Type.Literal('friends'), userId: UserIdSchema, entry: orNull(FriendViewSchema) }),
    Type.Object({
      list: Type.Union([Type.Literal('incoming'), Type.Literal('outgoing')]),
      userId: UserIdSchema,
      entry: orNull(FriendRequestViewSchema),
    }),
    Type.Object({ list: Type.Literal('blocks'), userId: UserIdSchema, entry: orNull(BlockViewSchema) }),
  ]),
  /** A group of this user as it is now. To those who left or were removed it is the last word. */
  group: Type.Object({
    group: GroupViewSchema,
    /** Those who came in, or whose role or mute changed. */
    members: Type.Array(GroupMembershipSchema),
    leftUserIds: Type.Array(UserIdSchema),
  }),
  wallet: Type.Object({
    balanceFen: FenSchema,
    /** New lines of the statement, oldest first. */
    entries: Type.Array(WalletEntryViewSchema),
  }),
  /** A packet has changed. */
  packet: Type.Object({
    packetId: PacketIdSchema,
    conversationId: ConversationIdSchema,
    state: PacketStateSchema,
    count: Type.Integer({ minimum: 1 }),
    taken: Type.Integer({ minimum: 0 }),
    /** Shares just taken, or said thank you for, that this user may see at once: the sender all, others their own. */
    grabs: Type.Array(GrabViewSchema),
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
