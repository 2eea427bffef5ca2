import type { ClientMessageId, ConversationId, PacketId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** What a message is, visible without opening its body: clients and read models sort by it. */
export type MessageKind = 'text' | 'packet';

/** Things that happened to the conversation itself, shown in its flow. They do not count as unread. */
export type Notice =
  | { readonly kind: 'friends-now'; readonly by: UserId }
  | { readonly kind: 'group-created'; readonly by: UserId; readonly memberIds: readonly UserId[] }
  | { readonly kind: 'member-joined'; readonly userId: UserId; readonly invitedBy: UserId }
  | { readonly kind: 'member-left'; readonly userId: UserId }
  | { readonly kind: 'member-removed'; readonly userId: UserId; readonly by: UserId }
  | { readonly kind: 'group-renamed'; readonly by: UserId }
  | { readonly kind: 'group-dissolved'; readonly by: UserId };

/**
 * On `conversation-{conversationId}`. An event's seq is its revision + 1: dense, given by the server, the one
 * order that everything syncs by.
 */
export type ConversationEvent =
  | {
      readonly type: 'MessageSent';
      readonly data: {
        readonly conversationId: ConversationId;
        readonly senderId: UserId;
        readonly clientMsgId: ClientMessageId;
        /** 1, 2, 3 ... over this conversation's messages only; notices and recalls have none. */
        readonly messageNo: number;
        readonly kind: MessageKind;
        /** The sealed JSON of the message's content; sealed for the sender. */
        readonly body: Sealed;
        /** Set exactly when `kind` is 'packet'. */
        readonly packetId: PacketId | null;
      };
    }
  | {
      readonly type: 'MessageRecalled';
      readonly data: { readonly conversationId: ConversationId; readonly seq: number; readonly by: UserId };
    }
  | {
      readonly type: 'NoticePosted';
      readonly data: { readonly conversationId: ConversationId; readonly notice: Notice };
    };
