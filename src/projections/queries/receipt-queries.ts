import type pg from 'pg';
import type { ConversationId, UserId } from '../../domain/ids.ts';
import type { ReadCursorRow } from '../cursors-projection.ts';
import { sqlOn } from '../sql.ts';
import { isParticipant } from './membership-queries.ts';
import type { Page } from './page.ts';
import { firstId, pageOf, pageSize } from './page.ts';

/** How far the others have received and read a conversation, by user id, for one who takes part in it. */
export async function receiptsPage(
  pool: pg.Pool,
  asker: UserId,
  conversationId: ConversationId,
  options: { readonly after?: UserId; readonly limit?: number } = {},
): Promise<Page<ReadCursorRow, UserId> | undefined> {
  if (!(await isParticipant(pool, asker, conversationId))) return undefined;
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<ReadCursorRow>(
    `select conversation_id as "conversationId", user_id as "userId", delivered, read
     from read.user_cursor where conversation_id = $1 and user_id > $2 order by user_id limit $3`,
    [conversationId, options.after ?? firstId, size + 1],
  );
  return pageOf(rows, size, (last) => last.userId);
}

/** A user's own cursors in the given conversations; those without one are left out. */
export function cursorsOf(
  pool: pg.Pool,
  user: UserId,
  conversationIds: readonly ConversationId[],
): Promise<ReadCursorRow[]> {
  return sqlOn(pool).query<ReadCursorRow>(
    `select conversation_id as "conversationId", user_id as "userId", delivered, read
     from read.user_cursor where user_id = $1 and conversation_id = any($2::text[])`,
    [user, conversationIds],
  );
}
