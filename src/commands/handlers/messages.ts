import { sentSeq } from '../../domain/conversation/conversation-decider.ts';
import type { ConversationEvent } from '../../domain/conversation/conversation-events.ts';
import type { ConversationState } from '../../domain/conversation/conversation-state.ts';
import { rejection } from '../../domain/decider.ts';
import type { ClientMessageId, ConversationId, UserId } from '../../domain/ids.ts';
import { streams } from '../../domain/streams.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { CommandOutcome } from '../command-envelope.ts';
import { derivedIds } from '../derived-ids.ts';
import { doneOf, outcomeOf, rejected } from '../outcomes.ts';
import { isPacketMessageId } from '../packet-message-id.ts';
import type { MessageReceipt } from '../requests.ts';
import { openBody, userCommand } from '../user-command.ts';
import type { MessageBody, WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

/** Why a client may not call a message so. */
export const reservedMessageId = rejection('bad-request', "A clientMsgId of this form is the server's own.");

export function messageHandlers(scope: WriteScope): Handlers<'sendMessage' | 'recallMessage' | 'ack'> {
  const { aggregates, keyring, preconditions, receipts } = scope;
  return {
    async sendMessage({ conversationId, clientMsgId, content }, context) {
      if (isPacketMessageId(clientMsgId)) return rejected(reservedMessageId);
      const by = context.userId;
      const refusal = await preconditions.sender(conversationId, by);
      const messageBody: MessageBody = content;
      const text = canonicalJson(messageBody);
      const body = await keyring.seal(by, text);
      const command = {
        type: 'SendMessage',
        conversationId,
        by,
        clientMsgId,
        kind: 'text',
        body,
        packetId: null,
      } as const;
      // The message's own identity, not the request's: however it is sent again, it has the same seq.
      const commandId = derivedIds.message(by, conversationId, clientMsgId);
      const bodyHash = await keyring.fingerprint(by, text);
      const outcome = await aggregates.conversation.execute(
        streams.conversation(conversationId),
        userCommand(context, command, { commandId, bodyHash, refusal }),
      );
      return outcomeOf(outcome, (accepted) => messageReceipt(accepted, conversationId, by, clientMsgId));
    },

    async recallMessage(request, context) {
      const { conversationId, seq } = request;
      const refusal = await preconditions.participant(conversationId, context.userId);
      const command = { type: 'RecallMessage', conversationId, by: context.userId, seq } as const;
      const body = { ...openBody('recallMessage', request), refusal };
      return doneOf(
        await aggregates.conversation.execute(
          streams.conversation(conversationId),
          userCommand(context, command, body),
        ),
      );
    },

    ack: ({ cursors }, { userId, deviceId }) => receipts.advance(userId, deviceId, cursors),
  };
}

/** Where a message stands, whether it was sent now, earlier, or so early that only the state knows of it. */
export function messageReceipt(
  accepted: Extract<CommandOutcome<ConversationState, ConversationEvent>, { kind: 'accepted' }>,
  conversationId: ConversationId,
  sender: UserId,
  clientMsgId: ClientMessageId,
): MessageReceipt {
  const [sent] = accepted.events;
  if (sent !== undefined) {
    return { clientMsgId, conversationId, seq: sent.revision + 1, timeMs: sent.timeMs };
  }
  const seq = sentSeq(accepted.state, sender, clientMsgId);
  const message = seq === undefined ? undefined : accepted.state.recent.get(seq);
  if (seq === undefined || message === undefined) {
    throw new Error(`${conversationId}: an accepted message is neither in the events nor in the state`);
  }
  return { clientMsgId, conversationId, seq, timeMs: message.timeMs };
}
