import { type Static, Type } from 'typebox';
import {
  ConversationIdSchema,
  GroupIdSchema,
  NullableTextSchema,
  TimeMsSchema,
  UserIdSchema,
} from '../scalars.ts';
import { UserViewSchema } from './user-views.ts';

export const GroupRoleSchema = Type.Union([
  Type.Literal('owner'),
  Type.Literal('admin'),
  Type.Literal('member'),
]);

/** A group as one of its members sees it. */
export const GroupViewSchema = Type.Object({
  groupId: GroupIdSchema,
  conversationId: ConversationIdSchema,
  name: NullableTextSchema,
  announcement: NullableTextSchema,
  ownerId: UserIdSchema,
  joinPolicy: Type.Union([Type.Literal('members-invite'), Type.Literal('admins-invite')]),
  memberCount: Type.Integer({ minimum: 0 }),
  /** The reader's own role. */
  myRole: GroupRoleSchema,
  /** The reader is muted until this time; `null` when not muted. */
  mutedUntilMs: Type.Union([TimeMsSchema, Type.Null()]),
});
export type GroupView = Static<typeof GroupViewSchema>;

export const GroupMemberViewSchema = Type.Object({
  user: UserViewSchema,
  role: GroupRoleSchema,
  joinedAtMs: TimeMsSchema,
  mutedUntilMs: Type.Union([TimeMsSchema, Type.Null()]),
});
export type GroupMemberView = Static<typeof GroupMemberViewSchema>;
