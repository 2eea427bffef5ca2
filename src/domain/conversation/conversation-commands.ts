import type { ClientMessageId, ConversationId, PacketId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';
import type { MessageKind, Notice } from './conversation-events.ts';

/** To `conversation-{conversationId}`. That `by` takes part is the caller's to check. */
export type ConversationCommand =
  | {
      readonly type: 'SendMessage';
      readonly conversationId: ConversationId;
      readonly by: UserId;
      readonly clientMsgId: ClientMessageId;
      readonly kind: MessageKind;
      readonly body: Sealed;
      readonly packetId: PacketId | null;
    }
  | {
      readonly type: 'RecallMessage';
      readonly conversationId: ConversationId;
      readonly by: UserId;
      readonly seq: number;
    }
  | { readonly type: 'PostNotice'; readonly conversationId: ConversationId; readonly notice: Notice };
