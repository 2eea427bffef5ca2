import type { ErrorCode } from '../domain/error-codes.ts';
import type { GroupRole, JoinPolicy } from '../domain/group/group-events.ts';
import type { ClientMessageId, ConversationId, DeviceId, GroupId, PacketId, UserId } from '../domain/ids.ts';
import type { PacketCover, PacketKind } from '../domain/packet/packet-terms.ts';
import type { Position } from './event-log.ts';

/**
 * What users ask for, in plain text, already checked for form by the gateway. The write side checks everything
 * else. `requests` says for each type what it takes and what it answers.
 */
export interface Requests {
  changeProfile: { takes: { nickname: string }; answers: Done };
  requestFriend: { takes: { userId: UserId; note: string }; answers: Done };
  acceptFriend: { takes: { userId: UserId }; answers: { conversationId: ConversationId } };
  declineFriend: { takes: { userId: UserId }; answers: Done };
  removeFriend: { takes: { userId: UserId }; answers: Done };
  blockUser: { takes: { userId: UserId }; answers: Done };
  unblockUser: { takes: { userId: UserId }; answers: Done };
  setRemark: { takes: { userId: UserId; remark: string | null }; answers: Done };

  createGroup: {
    takes: { name: string; memberIds: readonly UserId[] };
    answers: { groupId: GroupId; conversationId: ConversationId };
  };
  inviteMembers: { takes: { groupId: GroupId; userIds: readonly UserId[] }; answers: Done };
  leaveGroup: { takes: { groupId: GroupId }; answers: Done };
  removeMember: { takes: { groupId: GroupId; userId: UserId }; answers: Done };
  changeRole: {
    takes: { groupId: GroupId; userId: UserId; role: Exclude<GroupRole, 'owner'> };
    answers: Done;
  };
  transferOwnership: { takes: { groupId: GroupId; userId: UserId }; answers: Done };
  muteMember: { takes: { groupId: GroupId; userId: UserId; untilMs: number | null }; answers: Done };
  renameGroup: { takes: { groupId: GroupId; name: string }; answers: Done };
  setAnnouncement: { takes: { groupId: GroupId; text: string | null }; answers: Done };
  changeJoinPolicy: { takes: { groupId: GroupId; policy: JoinPolicy }; answers: Done };
  dissolveGroup: { takes: { groupId: GroupId }; answers: Done };

  sendMessage: {
    takes: { conversationId: ConversationId; clientMsgId: ClientMessageId; content: MessageContent };
    answers: MessageReceipt;
  };
  recallMessage: { takes: { conversationId: ConversationId; seq: number }; answers: Done };
  /** Cumulative: everything up to these seqs. Answered when durable. */
  ack: { takes: { cursors: readonly AckCursor[] }; answers: Done };

  /** The sandbox provider of development: money out of thin air. */
  deposit: { takes: { amountFen: number; providerRef: string }; answers: { balanceFen: number } };
  withdraw: {
    takes: { amountFen: number; providerRef: string; paymentToken?: string };
    answers: { balanceFen: number };
  };

  sendPacket: {
    takes: {
      conversationId: ConversationId;
      clientMsgId: ClientMessageId;
      kind: PacketKind;
      totalFen: number;
      count: number;
      ttlSeconds: number;
      receivers: readonly UserId[];
      greeting: string;
      /** 16 to 64 bytes, lower-case hex: the sender's part of the seed. */
      nonce: string;
      /** Default: classic. */
      cover?: PacketCover;
      /** What a grab must bring. Without it, none is asked for. */
      phrase?: string;
      /** Needed by an account with a payment PIN; no part of what a repeated request is recognised by. */
      paymentToken?: string;
    };
    answers: MessageReceipt & {
      packetId: PacketId;
      expiresAtSecond: number;
      /** What the server has committed to; see the packet's fairness proof. */
      commitment: string;
    };
  };
  /** What a grab would be told now. Writes nothing, and decides nothing. */
  peekPacket: {
    takes: { packetId: PacketId };
    answers: {
      packetId: PacketId;
      state: PeekState;
      /** The asker's own share; `null` when they have none. */
      amountFen: number | null;
      count: number;
      taken: number;
      expiresAtSecond: number;
      needsPhrase: boolean;
    };
  };
  grabPacket: {
    takes: { packetId: PacketId; phrase?: string };
    answers: { packetId: PacketId; amountFen: number; shareIndex: number };
  };
  /** A note of thanks by who has a share, once for each packet. */
  thankForPacket: { takes: { packetId: PacketId; note: string }; answers: Done };
}

/** A packet as the asker finds it. */
export type PeekState = 'open' | 'grabbed' | 'exhausted' | 'expired' | 'cancelled' | 'for-others';

export type RequestType = keyof Requests;
export type RequestOf<Type extends RequestType> = Requests[Type]['takes'];
export type AnswerOf<Type extends RequestType> = Requests[Type]['answers'];

export type Done = Record<string, never>;

/** What a message says. Packet messages are made by `sendPacket` only. */
export type MessageContent = { readonly kind: 'text'; readonly text: string };

export interface MessageReceipt {
  readonly clientMsgId: ClientMessageId;
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly timeMs: number;
}

export interface AckCursor {
  readonly conversationId: ConversationId;
  readonly delivered: number;
  readonly read: number;
}

/** Who asks, and how the request is told from others. */
export interface RequestContext {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** UUID by the client. The same id with the same body gets the first answer again. */
  readonly commandId: string;
  /** The client says that it has sent this before: old answers are then looked up beyond the caches. */
  readonly retry: boolean;
  readonly correlationId: string;
}

export type Outcome<Answer> =
  /** Durable. `position` is the log's position from which on reads show it. */
  | { readonly kind: 'accepted'; readonly answer: Answer; readonly position: Position }
  | {
      readonly kind: 'rejected';
      readonly code: ErrorCode;
      readonly message: string;
      /** When the same request may be accepted, where that is known. */
      readonly retryAfterMs?: number;
    }
  /** A queue is full; nothing was done. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  /** It may have taken effect or not; the same command id finds out. */
  | { readonly kind: 'unknown' };

/** The write side's face to the gateway. */
export interface CommandService {
  execute<Type extends RequestType>(
    type: Type,
    request: RequestOf<Type>,
    context: RequestContext,
  ): Promise<Outcome<AnswerOf<Type>>>;
}
