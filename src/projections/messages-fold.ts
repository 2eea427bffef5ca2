import type { ConversationId, UserId } from '../domain/ids.ts';
import { parseConversationId } from '../domain/ids.ts';
import type { MessageRow } from './messages-projection.ts';
import type { ProjectedEvent } from './projected-event.ts';

/** What a batch does to a conversation's head. `null` leaves a field alone. */
export interface HeadDelta {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly messageNo: number | null;
  readonly shownSeq: number | null;
  readonly shownAtMs: number | null;
}

/** A message of before the batch that the batch takes back. */
export interface OlderRecall {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly recalledBySeq: number;
}

/** That a conversation is one of a user's: for direct ones, which no group's member list tells. */
export interface DirectConversation {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
}

/** Where a late joiner's unread count begins. */
export interface ConversationStart {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly seq: number;
}

export interface MessagesRows {
  /** New rows, in log order. */
  readonly messages: readonly MessageRow[];
  readonly recalls: readonly OlderRecall[];
  readonly heads: readonly HeadDelta[];
  readonly direct: readonly DirectConversation[];
  readonly starts: readonly ConversationStart[];
}

/** Folds the events of any number of conversations. */
export function foldMessages(events: readonly ProjectedEvent[]): MessagesRows {
  const messages = new Map<string, MessageRow>();
  const recalls: OlderRecall[] = [];
  const heads = new Map<ConversationId, HeadDelta>();
  const direct: DirectConversation[] = [];
  const starts = new Map<string, ConversationStart>();

  const add = (row: MessageRow): void => {
    messages.set(messageKey(row.conversationId, row.seq), row);
    const before = heads.get(row.conversationId);
    const shown = row.kind !== 'recall';
    heads.set(row.conversationId, {
      conversationId: row.conversationId,
      seq: row.seq,
      messageNo: row.messageNo ?? before?.messageNo ?? null,
      shownSeq: shown ? row.seq : (before?.shownSeq ?? null),
      shownAtMs: shown ? row.timeMs : (before?.shownAtMs ?? null),
    });
    if (row.seq === 1) {
      const parties = parseConversationId(row.conversationId);
      const users = parties?.kind === 'direct' ? parties.users : [];
      for (const userId of users) direct.push({ userId, conversationId: row.conversationId });
    }
  };

  for (const event of events) {
    const seq = event.revision + 1;
    switch (event.type) {
      case 'MessageSent': {
        const { conversationId, senderId, clientMsgId, messageNo, kind, body, packetId } = event.data;
        const place = { conversationId, seq, timeMs: event.timeMs };
        add({ ...empty, ...place, kind, senderId, clientMsgId, messageNo, body, packetId });
        break;
      }
      case 'MessageRecalled': {
        const { conversationId, seq: recalledSeq, by } = event.data;
        const key = messageKey(conversationId, recalledSeq);
        const recalled = messages.get(key);
        if (recalled === undefined) recalls.push({ conversationId, seq: recalledSeq, recalledBySeq: seq });
        else messages.set(key, { ...recalled, body: null, recalledBySeq: seq });
        const place = { conversationId, seq, timeMs: event.timeMs };
        add({ ...empty, ...place, kind: 'recall', senderId: by, recallOf: recalledSeq });
        break;
      }
      case 'NoticePosted': {
        const { conversationId, notice } = event.data;
        add({ ...empty, conversationId, seq, timeMs: event.timeMs, kind: 'notice', notice });
        if (notice.kind === 'member-joined') {
          const { userId } = notice;
          starts.set(`${conversationId}>${userId}`, { conversationId, userId, seq });
        }
        break;
      }
      default:
        break;
    }
  }
  return {
    messages: [...messages.values()],
    recalls,
    heads: [...heads.values()],
    direct,
    starts: [...starts.values()],
  };
}

const empty = {
  senderId: null,
  clientMsgId: null,
  messageNo: null,
  body: null,
  packetId: null,
  notice: null,
  recallOf: null,
  recalledBySeq: null,
} as const;

function messageKey(conversationId: ConversationId, seq: number): string {
  return `${conversationId}#${seq}`;
}
