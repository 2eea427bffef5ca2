import type { ClientMessageId, ConversationId, UserId } from '../../src/domain/ids.ts';
import type { MessageView } from '../../src/protocol/views/message-views.ts';

export const me = '01890a5d-ac96-774b-bcce-000000000001' as UserId;
export const friend = '01890a5d-ac96-774b-bcce-000000000002' as UserId;
export const conversationId = `direct:${me}~${friend}` as ConversationId;

/** A text at `seq`, by the friend unless said otherwise. */
export function textAt(seq: number, text = `text ${seq}`, senderId = friend): MessageView {
  const clientMsgId = `message-${seq}` as ClientMessageId;
  return {
    kind: 'text',
    conversationId,
    seq,
    timeMs: seq * 1000,
    senderId,
    clientMsgId,
    messageNo: seq,
    text,
  };
}

/** The recall, at `seq`, of what stands at `recalledSeq`. */
export function recallAt(seq: number, recalledSeq: number): MessageView {
  return { kind: 'recall', conversationId, seq, timeMs: seq * 1000, by: friend, recalledSeq };
}
