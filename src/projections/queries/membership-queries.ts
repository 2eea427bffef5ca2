import type pg from 'pg';
import { limits } from '../../config/limits.ts';
import type { ConversationId, GroupId, UserId } from '../../domain/ids.ts';
import { parseConversationId } from '../../domain/ids.ts';
import { sqlOn } from '../sql.ts';

/**
 * Whether a user may read a conversation: one of the two of a direct one (which is empty until it begins), or a
 * member of its group now. Someone who was removed from a group is none from the moment that the groups
 * projection has it.
 */
export async function isParticipant(
  pool: pg.Pool,
  user: UserId,
  conversationId: ConversationId,
): Promise<boolean> {
  const parties = parseConversationId(conversationId);
  if (parties === undefined) return false;
  if (parties.kind === 'direct') return parties.users.includes(user);
  const rows = await sqlOn(pool).query<object>(
    'select 1 as found from read.group_member where group_id = $1 and user_id = $2',
    [parties.groupId, user],
  );
  return rows.length > 0;
}

/** That a user is in a group, and how large it is. */
export interface UserGroupRow {
  readonly userId: UserId;
  readonly groupId: GroupId;
  readonly memberCount: number;
}

/**
 * The groups of all these users, in any order: what a gateway subscribes to for them. Of a user who is in more
 * than `groupsMax`, the newest so many.
 */
export function groupsOfUsers(
  pool: pg.Pool,
  userIds: readonly UserId[],
  groupsMax: number = limits.gateway.groupsPerUserMax,
): Promise<UserGroupRow[]> {
  return sqlOn(pool).query<UserGroupRow>(
    `select own.user_id as "userId", own.group_id as "groupId", g.member_count as "memberCount"
     from unnest($1::uuid[]) as asked (user_id)
     cross join lateral (
       select u.user_id, u.group_id from read.user_group u
       where u.user_id = asked.user_id order by u.group_id desc limit $2
     ) own
     join read.chat_group g on g.group_id = own.group_id`,
    [userIds, groupsMax],
  );
}
