import { ClientError } from '../../../src/client/index.ts';
import type { ClientMessageId, ConversationId } from '../../../src/domain/ids.ts';
import type { Loaders } from './loaders.ts';
import type { SessionContext } from './session-context.ts';
import { type PendingMessage, withConversation } from './session-state.ts';

export interface ChatActions {
  /** Shows the text at once and sends it. Failures stay beside the text, which can then be sent again. */
  sendText(id: ConversationId, text: string): Promise<void>;
  /** Sends a pending message again, as the same message. */
  sendAgain(id: ConversationId, pending: PendingMessage): Promise<void>;
  /** Rejects with `ClientError`. */
  recall(id: ConversationId, seq: number): Promise<void>;
  /** Rejects with `ClientError`. */
  loadOlder(id: ConversationId): Promise<void>;
}

export function createChatActions(context: SessionContext, loaders: Loaders): ChatActions {
  const { store, runtime, command } = context;

  function putPending(id: ConversationId, message: PendingMessage): void {
    store.update((state) =>
      withConversation(state, id, (conversation) => ({
        ...conversation,
        pending: [
          ...conversation.pending.filter((other) => other.clientMsgId !== message.clientMsgId),
          message,
        ],
      })),
    );
  }

  /** Unless the message has come back as an item already, which takes it from the pending ones. */
  function settlePending(id: ConversationId, message: PendingMessage): void {
    store.update((state) =>
      withConversation(state, id, (conversation) => ({
        ...conversation,
        pending: conversation.pending.map((other) =>
          other.clientMsgId === message.clientMsgId ? message : other,
        ),
      })),
    );
  }

  async function send(id: ConversationId, message: PendingMessage): Promise<void> {
    const { clientMsgId, text } = message;
    putPending(id, { clientMsgId, text, status: 'sending' });
    try {
      await command('sendMessage', {
        conversationId: id,
        clientMsgId: clientMsgId as ClientMessageId,
        content: { kind: 'text', text },
      });
      settlePending(id, { clientMsgId, text, status: 'sent' });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      settlePending(id, { clientMsgId, text, status: 'failed', code: error.code });
    }
  }

  return {
    sendText: (id, text) => send(id, { clientMsgId: runtime.ids.next(), text, status: 'sending' }),
    sendAgain: send,
    async recall(id, seq) {
      await command('recallMessage', { conversationId: id, seq });
    },
    loadOlder: (id) => loaders.olderMessages(id),
  };
}
