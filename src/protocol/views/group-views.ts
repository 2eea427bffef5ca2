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

/** A group as all of its members see it. */
export const GroupViewSchema = Type.Object({
  groupId: GroupIdSchema,
  conversationId: ConversationIdSchema,
  name: NullableTextSchema,
  announcement: NullableTextSchema,
  ownerId: UserIdSchema,
  joinPolicy: Type.Union([Type.Literal('members-invite'), Type.Literal('admins-invite')]),
  memberCount: Type.Integer({ minimum: 0 }),
  createdAtMs: TimeMsSchema,
  /** A dissolved group can still be read. */
  dissolvedAtMs: Type.Union([TimeMsSchema, Type.Null()]),
});
export type GroupView = Static<typeof GroupViewSchema>;

const standing = {
  role: GroupRoleSchema,
  joinedAtMs: TimeMsSchema,
  /** Muted until this time; `null`: not muted. */
  mutedUntilMs: Type.Union([TimeMsSchema, Type.Null()]),
};

/** One user's standing in a group. */
export const GroupMembershipSchema = Type.Object({ userId: UserIdSchema, ...standing });
export type GroupMembership = Static<typeof GroupMembershipSchema>;

export const GroupMemberViewSchema = Type.Object({ user: UserViewSchema, ...standing });
export type GroupMemberView = Static<typeof GroupMemberViewSchema>;
