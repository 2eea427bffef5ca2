import { Map as PersistentMap } from 'immutable';
import type { EventContext } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import type { ClientMessageId, UserId } from '../ids.ts';
import type { ConversationEvent } from './conversation-events.ts';

export interface RecentMessage {
  /** Who sent it, and under which id: the same string as in `seqBySentKey`, which is most of what it takes. */
  readonly sentKey: string;
  readonly timeMs: number;
  readonly recalled: boolean;
}

/**
 * A conversation's latest messages, and nothing older: its state does not grow with its history. The window
 * holds the latest `recentMessagesKept`, and of those within the recall window up to `recentMessagesMax`.
 */
export interface ConversationState {
  /** How many messages there have been. */
  readonly messageNo: number;
  /** The window begins here: of the messages with a lower seq nothing is known. */
  readonly windowFromSeq: number;
  readonly recent: PersistentMap<number, RecentMessage>;
  /** `sentKey` -> seq, for the messages in the window. */
  readonly seqBySentKey: PersistentMap<string, number>;
}

export const initialConversation: ConversationState = {
  messageNo: 0,
  windowFromSeq: 1,
  recent: PersistentMap(),
  seqBySentKey: PersistentMap(),
};

/** In both maps together. Measured: 443, with a client's id of 36 characters. */
const messageBytes = 500;

/** User ids have no space in them, so that two pairs never make one key. */
export function sentKey(senderId: UserId, clientMsgId: ClientMessageId): string {
  return `${senderId} ${clientMsgId}`;
}

/** Whether `userId` sent it. */
export function isSentBy(message: RecentMessage, userId: UserId): boolean {
  return message.sentKey.startsWith(`${userId} `);
}

/** About how many bytes of memory the window takes. */
export function conversationBytes(state: ConversationState): number {
  return state.recent.size * messageBytes;
}

export function evolveConversation(
  state: ConversationState,
  event: ConversationEvent,
  at: EventContext,
): ConversationState {
  switch (event.type) {
    case 'MessageSent': {
      const { senderId, clientMsgId, messageNo } = event.data;
      const seq = at.revision + 1;
      const key = sentKey(senderId, clientMsgId);
      const message: RecentMessage = { sentKey: key, timeMs: at.timeMs, recalled: false };
      const grown: ConversationState = {
        ...state,
        messageNo,
        recent: state.recent.set(seq, message),
        seqBySentKey: state.seqBySentKey.set(key, seq),
      };
      return forgetOldest(grown, at.timeMs);
    }
    case 'MessageRecalled': {
      const message = state.recent.get(event.data.seq);
      if (message === undefined) return state;
      return { ...state, recent: state.recent.set(event.data.seq, { ...message, recalled: true }) };
    }
    case 'NoticePosted':
      return state;
  }
}

/** Moves the window's start over what has become too old or too much. Usually one message per message. */
function forgetOldest(state: ConversationState, nowMs: number): ConversationState {
  const { recentMessagesKept, recentMessagesMax, recallWindowMs } = domainLimits.conversation;
  let { windowFromSeq, recent, seqBySentKey } = state;
  while (recent.size > recentMessagesKept) {
    const oldest = recent.get(windowFromSeq);
    if (oldest !== undefined) {
      const mayBeRecalled = nowMs - oldest.timeMs <= recallWindowMs;
      if (mayBeRecalled && recent.size <= recentMessagesMax) break;
      recent = recent.delete(windowFromSeq);
      const { sentKey: key } = oldest;
      if (seqBySentKey.get(key) === windowFromSeq) seqBySentKey = seqBySentKey.delete(key);
    }
    windowFromSeq += 1;
  }
  return { ...state, windowFromSeq, recent, seqBySentKey };
}

interface ConversationSnapshot {
  readonly messageNo: number;
  readonly windowFromSeq: number;
  readonly recent: readonly (readonly [number, RecentMessage])[];
}

export function conversationToSnapshot(state: ConversationState): ConversationSnapshot {
  return {
    messageNo: state.messageNo,
    windowFromSeq: state.windowFromSeq,
    recent: [...state.recent].sort(([one], [other]) => one - other),
  };
}

export function conversationFromSnapshot(json: unknown): ConversationState {
  const { messageNo, windowFromSeq, recent } = json as ConversationSnapshot;
  return {
    messageNo,
    windowFromSeq,
    recent: PersistentMap(recent),
    seqBySentKey: PersistentMap(recent.map(([seq, message]): [string, number] => [message.sentKey, seq])),
  };
}
