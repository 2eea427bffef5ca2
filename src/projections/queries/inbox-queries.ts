import type pg from 'pg';
import type { ConversationId, UserId } from '../../domain/ids.ts';
import type { MessageRow } from '../messages-projection.ts';
import { messageFields } from '../messages-projection.ts';
import { sqlOn } from '../sql.ts';
import type { Page } from './page.ts';
import { pageOf, pageSize } from './page.ts';

/** One conversation in a user's inbox. */
export interface InboxRow {
  readonly conversationId: ConversationId;
  /** The seq of the conversation's newest entry. */
  readonly headSeq: number;
  /** The seq of the notice with which a group's later member came in; 0 for those who were there at the start. */
  readonly startSeq: number;
  /** When the newest entry that is shown came, ms. */
  readonly lastActivityMs: number;
  /** The user's own cursors: seqs. */
  readonly delivered: number;
  readonly read: number;
  /** Countable messages by others after the read cursor. */
  readonly unread: number;
  /** The newest entry that is not a recall. */
  readonly last: MessageRow | null;
}

/** A page begins after this conversation. */
export interface InboxCursor {
  readonly lastActivityMs: number;
  readonly conversationId: ConversationId;
}

type FlatInboxRow = Omit<InboxRow, 'last' | 'conversationId'> &
  MessageRow & { readonly inboxId: ConversationId; readonly hasLast: boolean };

/**
 * A user's conversations, latest activity first. Costs what the user's conversations are: their heads are looked
 * up one by one and sorted; messages and unread counts only for those of the page.
 *
 * Unread is the head's message number less the one at the read cursor, less the user's own messages in between.
 * For someone who joined late it counts from the notice that says so.
 */
export async function inboxPage(
  pool: pg.Pool,
  user: UserId,
  options: { readonly after?: InboxCursor; readonly limit?: number } = {},
): Promise<Page<InboxRow, InboxCursor>> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<FlatInboxRow>(
    `with own as (
       select conversation_id from read.direct_conversation where user_id = $1
       union all
       select 'group:' || group_id from read.user_group where user_id = $1
     ), page as (
       select h.* from own join read.conversation_head h using (conversation_id)
       where $2::bigint is null or (h.shown_at_ms, h.conversation_id) < ($2::bigint, $3::text)
       order by h.shown_at_ms desc, h.conversation_id desc
       limit $4
     )
     select p.conversation_id as "inboxId", p.seq as "headSeq", coalesce(s.seq, 0) as "startSeq",
       p.shown_at_ms as "lastActivityMs",
       coalesce(c.delivered, 0) as delivered, coalesce(c.read, 0) as read,
       greatest(0, p.message_no - at_cursor.message_no - own_later.count)::bigint as unread,
       m.seq is not null as "hasLast", ${messageFields('m')}
     from page p
     left join read.user_cursor c on c.conversation_id = p.conversation_id and c.user_id = $1
     left join read.conversation_start s on s.conversation_id = p.conversation_id and s.user_id = $1
     left join read.message m on m.conversation_id = p.conversation_id and m.seq = p.shown_seq
     cross join lateral (
       select coalesce((
         select r.message_no from read.message r
         where r.conversation_id = p.conversation_id and r.message_no is not null
           and r.seq <= greatest(coalesce(c.read, 0), coalesce(s.seq, 0))
         order by r.seq desc limit 1
       ), 0) as message_no
     ) at_cursor
     cross join lateral (
       select count(*) from read.message o
       where o.conversation_id = p.conversation_id and o.sender_id = $1
         and o.message_no > at_cursor.message_no
     ) own_later
     order by p.shown_at_ms desc, p.conversation_id desc`,
    [user, options.after?.lastActivityMs ?? null, options.after?.conversationId ?? '', size + 1],
  );
  return pageOf(rows.map(unflatten), size, ({ lastActivityMs, conversationId }) => ({
    lastActivityMs,
    conversationId,
  }));
}

function unflatten(flat: FlatInboxRow): InboxRow {
  const { inboxId, headSeq, startSeq, lastActivityMs, delivered, read, unread, hasLast, ...message } = flat;
  return {
    conversationId: inboxId,
    headSeq,
    startSeq,
    lastActivityMs,
    delivered,
    read,
    unread,
    last: hasLast ? message : null,
  };
}
