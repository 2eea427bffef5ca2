import type { MessageRow } from '../../projections/messages-projection.ts';
import type { MessageView } from '../../protocol/views/message-views.ts';
import type { OpenSealed } from './open-sealed.ts';

/** One item of a conversation's flow, opened. Throws for a row that contradicts itself. */
export async function messageView(row: MessageRow, open: OpenSealed): Promise<MessageView> {
  const place = { conversationId: row.conversationId, seq: row.seq, timeMs: row.timeMs };
  if (row.kind === 'notice') {
    return { kind: 'notice', ...place, notice: required(row.notice, 'notice', row) };
  }
  if (row.kind === 'recall') {
    const by = required(row.senderId, 'senderId', row);
    return { kind: 'recall', ...place, by, recalledSeq: required(row.recallOf, 'recallOf', row) };
  }
  const sent = {
    ...place,
    senderId: required(row.senderId, 'senderId', row),
    clientMsgId: required(row.clientMsgId, 'clientMsgId', row),
    messageNo: required(row.messageNo, 'messageNo', row),
  };
  if (row.recalledBySeq !== null) return { kind: 'recalled', ...sent };
  const body = parseBody(await open(row.body));
  if (row.kind === 'text') return { kind: 'text', ...sent, text: stringOrNull(body.text) };
  return {
    kind: 'packet',
    ...sent,
    packetId: required(row.packetId, 'packetId', row),
    greeting: stringOrNull(body.greeting),
  };
}

/** Items of a page, opened. */
export function messageViews(rows: readonly MessageRow[], open: OpenSealed): Promise<MessageView[]> {
  return Promise.all(rows.map((row) => messageView(row, open)));
}

/** The sealed JSON of a message's content; nothing where its sender was forgotten. */
function parseBody(text: string | null): Readonly<Record<string, unknown>> {
  const body: unknown = text === null ? null : JSON.parse(text);
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function required<Value>(value: Value | null, name: string, row: MessageRow): Value {
  if (value === null) throw new Error(`${row.conversationId} seq ${row.seq} (${row.kind}) has no ${name}`);
  return value;
}
