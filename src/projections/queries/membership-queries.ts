import type pg from 'pg';
import type { ConversationId, UserId } from '../../domain/ids.ts';
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

/** All conversations that a user takes part in: what a gateway subscribes to for them. */
export async function conversationIdsOf(pool: pg.Pool, user: UserId): Promise<ConversationId[]> {
  const rows = await sqlOn(pool).query<{ conversationId: ConversationId }>(
    `select conversation_id as "conversationId" from read.direct_conversation where user_id = $1
     union all
     select 'group:' || group_id from read.user_group where user_id = $1`,
    [user],
  );
  return rows.map((row) => row.conversationId);
}
