import type { MessageKind, Notice } from '../domain/conversation/conversation-events.ts';
import type { ClientMessageId, ConversationId, PacketId, UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import { bulkRows } from './bulk-rows.ts';
import { audienceOf } from './changes.ts';
import type {
  ConversationStart,
  DirectConversation,
  HeadDelta,
  MessagesRows,
  OlderRecall,
} from './messages-fold.ts';
import { foldMessages } from './messages-fold.ts';
import { defineProjection } from './projection.ts';
import type { Sql } from './sql.ts';

/** One entry of a conversation's flow. Every event of the conversation is one, so that seqs have no gaps. */
export interface MessageRow {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly kind: MessageKind | 'notice' | 'recall';
  /** Who wrote it, or took it back; `null` for a notice. */
  readonly senderId: UserId | null;
  readonly clientMsgId: ClientMessageId | null;
  /** 1, 2, 3 ... over the countable messages; `null` for notices and recalls. */
  readonly messageNo: number | null;
  /** `null` for notices and recalls, and for a message that was taken back. */
  readonly body: Sealed | null;
  readonly packetId: PacketId | null;
  readonly timeMs: number;
  readonly notice: Notice | null;
  /** Of a recall: the seq that it takes back. */
  readonly recallOf: number | null;
  /** Of a message that was taken back: the recall's seq. */
  readonly recalledBySeq: number | null;
}

/** The select list that makes a `MessageRow` of the table `alias`. */
export const messageFields = (alias: string): string =>
  `${alias}.conversation_id as "conversationId", ${alias}.seq, ${alias}.kind, ${alias}.sender_id as "senderId",
   ${alias}.client_msg_id as "clientMsgId", ${alias}.message_no as "messageNo", ${alias}.body,
   ${alias}.packet_id as "packetId", ${alias}.time_ms as "timeMs", ${alias}.notice,
   ${alias}.recall_of as "recallOf", ${alias}.recalled_by_seq as "recalledBySeq"`;

const messageRows = bulkRows<MessageRow>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'seq', type: 'bigint', value: (row) => row.seq },
  { name: 'kind', type: 'text', value: (row) => row.kind },
  { name: 'sender_id', type: 'uuid', value: (row) => row.senderId },
  { name: 'client_msg_id', type: 'text', value: (row) => row.clientMsgId },
  { name: 'message_no', type: 'bigint', value: (row) => row.messageNo },
  { name: 'body', type: 'jsonb', value: (row) => row.body },
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
  { name: 'time_ms', type: 'bigint', value: (row) => row.timeMs },
  { name: 'notice', type: 'jsonb', value: (row) => row.notice },
  { name: 'recall_of', type: 'bigint', value: (row) => row.recallOf },
  { name: 'recalled_by_seq', type: 'bigint', value: (row) => row.recalledBySeq },
]);
const recallRows = bulkRows<OlderRecall>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'seq', type: 'bigint', value: (row) => row.seq },
  { name: 'recalled_by_seq', type: 'bigint', value: (row) => row.recalledBySeq },
]);
const headRows = bulkRows<HeadDelta>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'seq', type: 'bigint', value: (row) => row.seq },
  { name: 'message_no', type: 'bigint', value: (row) => row.messageNo },
  { name: 'shown_seq', type: 'bigint', value: (row) => row.shownSeq },
  { name: 'shown_at_ms', type: 'bigint', value: (row) => row.shownAtMs },
]);
const directRows = bulkRows<DirectConversation>([
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
]);
const startRows = bulkRows<ConversationStart>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'seq', type: 'bigint', value: (row) => row.seq },
]);

/**
 * Every conversation's flow, stored once for all who take part, and one head row each. A message to any number
 * of members writes one row and one head.
 */
export const messagesProjection = defineProjection<MessagesRows, void>({
  name: 'messages',
  version: 1,
  streamPrefixes: ['conversation-'],
  tables: ['direct_conversation', 'conversation_head', 'conversation_start', 'message'],
  ddl: `
    create table message (
      conversation_id text not null,
      seq bigint not null,
      kind text not null,
      sender_id uuid,
      client_msg_id text,
      message_no bigint,
      body jsonb,
      packet_id uuid,
      time_ms bigint not null,
      notice jsonb,
      recall_of bigint,
      recalled_by_seq bigint,
      primary key (conversation_id, seq)
    );
    create table conversation_head (
      conversation_id text primary key,
      seq bigint not null,
      -- Of the newest countable message; 0 before the first.
      message_no bigint not null,
      -- The newest entry that an inbox shows: anything but a recall.
      shown_seq bigint not null,
      shown_at_ms bigint not null
    ) with (fillfactor = 50);
    create table direct_conversation (
      user_id uuid not null,
      conversation_id text not null,
      primary key (user_id, conversation_id)
    );
    create table conversation_start (
      conversation_id text not null,
      user_id uuid not null,
      seq bigint not null,
      primary key (conversation_id, user_id)
    );`,
  indexes: `
    -- How many of one's own messages an unread count must leave out.
    create index message_by_sender on message (conversation_id, sender_id, message_no)
      where message_no is not null;`,
  fold: foldMessages,
  write: writeMessages,
  changes: ({ messages }) =>
    messages.map((message) => ({
      kind: 'message',
      audience: audienceOf(message.conversationId),
      message,
    })),
});

async function writeMessages(tx: Sql, schema: string, rows: MessagesRows): Promise<void> {
  await messageRows.insertInto(tx, `${schema}.message`, rows.messages);
  if (rows.heads.length > 0) {
    await tx.execute(
      `insert into ${schema}.conversation_head as t (${headRows.names})
       select v.conversation_id, v.seq, coalesce(v.message_no, 0), coalesce(v.shown_seq, 0),
         coalesce(v.shown_at_ms, 0)
       from ${headRows.source}
       on conflict (conversation_id) do update set
         seq = excluded.seq,
         message_no = greatest(t.message_no, excluded.message_no),
         shown_seq = greatest(t.shown_seq, excluded.shown_seq),
         shown_at_ms = greatest(t.shown_at_ms, excluded.shown_at_ms)`,
      headRows.values(rows.heads),
    );
  }
  if (rows.recalls.length > 0) {
    await tx.execute(
      `update ${schema}.message t set body = null, recalled_by_seq = v.recalled_by_seq
       from ${recallRows.source} where t.conversation_id = v.conversation_id and t.seq = v.seq`,
      recallRows.values(rows.recalls),
    );
  }
  if (rows.direct.length > 0) {
    await tx.execute(
      `insert into ${schema}.direct_conversation (${directRows.names})
       select ${directRows.names} from ${directRows.source} on conflict do nothing`,
      directRows.values(rows.direct),
    );
  }
  if (rows.starts.length > 0) {
    await tx.execute(
      `insert into ${schema}.conversation_start (${startRows.names})
       select ${startRows.names} from ${startRows.source}
       on conflict (conversation_id, user_id) do update set seq = excluded.seq`,
      startRows.values(rows.starts),
    );
  }
}
