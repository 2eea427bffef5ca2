import type pg from 'pg';
import type { ConversationId, UserId } from '../../domain/ids.ts';
import type { MessageRow } from '../messages-projection.ts';
import { messageFields } from '../messages-projection.ts';
import { sqlOn } from '../sql.ts';
import { isParticipant } from './membership-queries.ts';
import type { Page } from './page.ts';
import { pageOf, pageSize } from './page.ts';

/** Which stretch of a conversation. Without either: the newest entries. */
export interface MessageRange {
  /** Entries with a higher seq, oldest first: what a client missed. */
  readonly afterSeq?: number;
  /** Entries with a lower seq, newest first: history. */
  readonly beforeSeq?: number;
  readonly limit?: number;
}

/**
 * A stretch of a conversation, for one who takes part; `undefined` for anyone else. The page's `next` is the seq
 * to go on from, in the same direction.
 */
export async function messagesPage(
  pool: pg.Pool,
  asker: UserId,
  conversationId: ConversationId,
  range: MessageRange = {},
): Promise<Page<MessageRow, number> | undefined> {
  if (!(await isParticipant(pool, asker, conversationId))) return undefined;
  const size = pageSize(range.limit);
  const [condition, bound, order] =
    range.afterSeq === undefined
      ? (['<', range.beforeSeq ?? Number.MAX_SAFE_INTEGER, 'desc'] as const)
      : (['>', range.afterSeq, 'asc'] as const);
  const rows = await sqlOn(pool).query<MessageRow>(
    `select ${messageFields('m')} from read.message m
     where m.conversation_id = $1 and m.seq ${condition} $2 order by m.seq ${order} limit $3`,
    [conversationId, bound, size + 1],
  );
  return pageOf(rows, size, (last) => last.seq);
}
