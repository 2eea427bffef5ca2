import { type Static, Type } from 'typebox';
import { ConversationIdSchema, NullableTextSchema, TimeMsSchema, UserIdSchema } from '../scalars.ts';

/** A user as others see them. The names are `null` once the user was forgotten. */
export const UserViewSchema = Type.Object({
  userId: UserIdSchema,
  username: NullableTextSchema,
  nickname: NullableTextSchema,
});
export type UserView = Static<typeof UserViewSchema>;

export const FriendViewSchema = Type.Object({
  user: UserViewSchema,
  /** What the reader calls this friend; `null` when nothing was set. */
  remark: NullableTextSchema,
  conversationId: ConversationIdSchema,
  sinceMs: TimeMsSchema,
});
export type FriendView = Static<typeof FriendViewSchema>;

export const FriendRequestViewSchema = Type.Object({
  user: UserViewSchema,
  direction: Type.Union([Type.Literal('incoming'), Type.Literal('outgoing')]),
  note: NullableTextSchema,
  requestedAtMs: TimeMsSchema,
});
export type FriendRequestView = Static<typeof FriendRequestViewSchema>;

/** Someone whom the reader has blocked. */
export const BlockViewSchema = Type.Object({ user: UserViewSchema, sinceMs: TimeMsSchema });
export type BlockView = Static<typeof BlockViewSchema>;
