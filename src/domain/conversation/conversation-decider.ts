import type { DecideContext, Decider, Decision } from '../decider.ts';
import { accept, reject } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import type { ClientMessageId, UserId } from '../ids.ts';
import type { ConversationCommand } from './conversation-commands.ts';
import type { ConversationEvent } from './conversation-events.ts';
import type { ConversationState } from './conversation-state.ts';
import {
  conversationBytes,
  conversationFromSnapshot,
  conversationToSnapshot,
  evolveConversation,
  initialConversation,
  isSentBy,
  sentKey,
} from './conversation-state.ts';

type CommandOf<Type extends ConversationCommand['type']> = Extract<
  ConversationCommand,
  { readonly type: Type }
>;

/**
 * A conversation's order. Who takes part is not known here: the caller has checked it.
 *
 * A message that was sent before, by sender and clientMsgId, is accepted without an event, and `sentSeq` says
 * where it stands: whatever a retry went through, it is never there twice. The bodies are not compared (they
 * are sealed anew each time), so a client that uses an id for two messages gets the first one's seq twice.
 * This reaches back as far as the window of recent messages; for older ones the command's id is asked, before
 * it comes here.
 */
export const conversationDecider: Decider<ConversationState, ConversationCommand, ConversationEvent> = {
  foldVersion: 2,
  initialState: initialConversation,
  decide,
  evolve: evolveConversation,
  isTerminal: () => false,
  stateBytes: conversationBytes,
  toSnapshot: conversationToSnapshot,
  fromSnapshot: conversationFromSnapshot,
};

/** The seq of the message that `senderId` sent with this id, if it is among the recent ones. */
export function sentSeq(
  state: ConversationState,
  senderId: UserId,
  clientMsgId: ClientMessageId,
): number | undefined {
  return state.seqBySentKey.get(sentKey(senderId, clientMsgId));
}

function decide(
  command: ConversationCommand,
  state: ConversationState,
  context: DecideContext,
): Decision<ConversationEvent> {
  switch (command.type) {
    case 'SendMessage':
      return sendMessage(command, state);
    case 'RecallMessage':
      return recallMessage(command, state, context);
    case 'PostNotice': {
      const { conversationId, notice } = command;
      return accept({ type: 'NoticePosted', data: { conversationId, notice } });
    }
  }
}

function sendMessage(
  command: CommandOf<'SendMessage'>,
  state: ConversationState,
): Decision<ConversationEvent> {
  const { conversationId, by: senderId, clientMsgId, kind, body, packetId } = command;
  if ((kind === 'packet') !== (packetId !== null)) {
    return reject('bad-request', 'A packet message names a packet, and no other message does.');
  }
  if (sentSeq(state, senderId, clientMsgId) !== undefined) return accept();
  const messageNo = state.messageNo + 1;
  return accept({
    type: 'MessageSent',
    data: { conversationId, senderId, clientMsgId, messageNo, kind, body, packetId },
  });
}

/**
 * What has left the window is too old to be recalled, or one of more than `recentMessagesMax` in two minutes;
 * either way it is answered `recall-too-late`, and whose it was is not told.
 */
function recallMessage(
  command: CommandOf<'RecallMessage'>,
  state: ConversationState,
  context: DecideContext,
): Decision<ConversationEvent> {
  const { conversationId, by, seq } = command;
  const exists = Number.isSafeInteger(seq) && seq >= 1 && seq <= context.nextRevision;
  if (exists && seq < state.windowFromSeq) {
    return reject('recall-too-late', 'A message can be recalled for two minutes.');
  }
  const message = exists ? state.recent.get(seq) : undefined;
  if (message === undefined) return reject('message-not-found', 'There is no such message.');
  if (!isSentBy(message, by)) return reject('forbidden', 'Only its sender may recall a message.');
  if (message.recalled) return reject('already-recalled', 'The message has been recalled.');
  if (context.nowMs - message.timeMs > domainLimits.conversation.recallWindowMs) {
    return reject('recall-too-late', 'A message can be recalled for two minutes.');
  }
  return accept({ type: 'MessageRecalled', data: { conversationId, seq, by } });
}
