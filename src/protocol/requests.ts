import { type Static, Type } from 'typebox';
import { bounds } from './bounds.ts';
import {
  ClientMsgIdSchema,
  ConversationIdSchema,
  CursorSeqSchema,
  FenSchema,
  GroupIdSchema,
  PacketCoverSchema,
  PacketIdSchema,
  ProviderRefSchema,
  SecondSchema,
  SeqSchema,
  strict,
  TimeMsSchema,
  text,
  UserIdSchema,
} from './scalars.ts';

/*
 * What users ask for over the WebSocket, one entry per type. A test compares the types with the write side's
 * `Requests`.
 *
 * Amounts, shares, time to live and nonce are checked for their JSON type only: the domain's rules for them
 * have codes of their own (`amount-invalid`, `shares-invalid` ...), which say more than `bad-request`.
 */

const DoneSchema = Type.Unsafe<Record<string, never>>(Type.Object({}, strict));
const userIds = (maxItems: number, minItems = 0) =>
  Type.Unsafe<readonly Static<typeof UserIdSchema>[]>(Type.Array(UserIdSchema, { minItems, maxItems }));
const aboutUser = Type.Object({ userId: UserIdSchema }, strict);
const aboutGroup = Type.Object({ groupId: GroupIdSchema }, strict);

export const MessageContentSchema = Type.Object(
  { kind: Type.Literal('text'), text: text(bounds.messageTextChars, 1) },
  strict,
);

const messageReceipt = {
  clientMsgId: ClientMsgIdSchema,
  conversationId: ConversationIdSchema,
  seq: SeqSchema,
  timeMs: TimeMsSchema,
};
export const MessageReceiptSchema = Type.Object(messageReceipt, strict);

export const AckCursorSchema = Type.Object(
  { conversationId: ConversationIdSchema, delivered: CursorSeqSchema, read: CursorSeqSchema },
  strict,
);

const transfer = { amountFen: Type.Number(), providerRef: ProviderRefSchema };
/** What `POST /api/payment-pin/verify` answers. */
const paymentToken = Type.Optional(text(bounds.tokenChars, 1));
const balance = Type.Object({ balanceFen: FenSchema }, strict);

export const requestSchemas = {
  changeProfile: {
    takes: Type.Object({ nickname: text(bounds.nicknameChars, 1) }, strict),
    answers: DoneSchema,
  },
  requestFriend: {
    takes: Type.Object({ userId: UserIdSchema, note: text(bounds.friendNoteChars) }, strict),
    answers: DoneSchema,
  },
  acceptFriend: {
    takes: aboutUser,
    answers: Type.Object({ conversationId: ConversationIdSchema }, strict),
  },
  declineFriend: { takes: aboutUser, answers: DoneSchema },
  removeFriend: { takes: aboutUser, answers: DoneSchema },
  blockUser: { takes: aboutUser, answers: DoneSchema },
  unblockUser: { takes: aboutUser, answers: DoneSchema },
  setRemark: {
    takes: Type.Object(
      { userId: UserIdSchema, remark: Type.Union([text(bounds.remarkChars), Type.Null()]) },
      strict,
    ),
    answers: DoneSchema,
  },

  createGroup: {
    takes: Type.Object(
      { name: text(bounds.groupNameChars, 1), memberIds: userIds(bounds.membersPerRequest) },
      strict,
    ),
    answers: Type.Object({ groupId: GroupIdSchema, conversationId: ConversationIdSchema }, strict),
  },
  inviteMembers: {
    takes: Type.Object({ groupId: GroupIdSchema, userIds: userIds(bounds.membersPerRequest, 1) }, strict),
    answers: DoneSchema,
  },
  leaveGroup: { takes: aboutGroup, answers: DoneSchema },
  removeMember: {
    takes: Type.Object({ groupId: GroupIdSchema, userId: UserIdSchema }, strict),
    answers: DoneSchema,
  },
  changeRole: {
    takes: Type.Object(
      {
        groupId: GroupIdSchema,
        userId: UserIdSchema,
        role: Type.Union([Type.Literal('admin'), Type.Literal('member')]),
      },
      strict,
    ),
    answers: DoneSchema,
  },
  transferOwnership: {
    takes: Type.Object({ groupId: GroupIdSchema, userId: UserIdSchema }, strict),
    answers: DoneSchema,
  },
  muteMember: {
    takes: Type.Object(
      { groupId: GroupIdSchema, userId: UserIdSchema, untilMs: Type.Union([TimeMsSchema, Type.Null()]) },
      strict,
    ),
    answers: DoneSchema,
  },
  renameGroup: {
    takes: Type.Object({ groupId: GroupIdSchema, name: text(bounds.groupNameChars, 1) }, strict),
    answers: DoneSchema,
  },
  setAnnouncement: {
    takes: Type.Object(
      { groupId: GroupIdSchema, text: Type.Union([text(bounds.announcementChars), Type.Null()]) },
      strict,
    ),
    answers: DoneSchema,
  },
  changeJoinPolicy: {
    takes: Type.Object(
      {
        groupId: GroupIdSchema,
        policy: Type.Union([Type.Literal('members-invite'), Type.Literal('admins-invite')]),
      },
      strict,
    ),
    answers: DoneSchema,
  },
  dissolveGroup: { takes: aboutGroup, answers: DoneSchema },

  sendMessage: {
    takes: Type.Object(
      { conversationId: ConversationIdSchema, clientMsgId: ClientMsgIdSchema, content: MessageContentSchema },
      strict,
    ),
    answers: MessageReceiptSchema,
  },
  recallMessage: {
    takes: Type.Object({ conversationId: ConversationIdSchema, seq: SeqSchema }, strict),
    answers: DoneSchema,
  },
  ack: {
    takes: Type.Object(
      {
        cursors: Type.Unsafe<readonly Static<typeof AckCursorSchema>[]>(
          Type.Array(AckCursorSchema, { minItems: 1, maxItems: bounds.ackCursorsPerRequest }),
        ),
      },
      strict,
    ),
    answers: DoneSchema,
  },

  deposit: { takes: Type.Object(transfer, strict), answers: balance },
  withdraw: { takes: Type.Object({ ...transfer, paymentToken }, strict), answers: balance },

  sendPacket: {
    takes: Type.Object(
      {
        conversationId: ConversationIdSchema,
        clientMsgId: ClientMsgIdSchema,
        kind: Type.Union([Type.Literal('lucky'), Type.Literal('equal'), Type.Literal('exclusive')]),
        totalFen: Type.Number(),
        count: Type.Number(),
        ttlSeconds: Type.Number(),
        receivers: userIds(bounds.receiversPerPacket),
        greeting: text(bounds.greetingChars),
        nonce: text(bounds.nonceChars),
        cover: Type.Optional(PacketCoverSchema),
        phrase: Type.Optional(text(bounds.phraseChars)),
        paymentToken,
      },
      strict,
    ),
    answers: Type.Object(
      {
        ...messageReceipt,
        packetId: PacketIdSchema,
        expiresAtSecond: SecondSchema,
        commitment: Type.String(),
      },
      strict,
    ),
  },
  peekPacket: {
    takes: Type.Object({ packetId: PacketIdSchema }, strict),
    answers: Type.Object(
      {
        packetId: PacketIdSchema,
        state: Type.Union([
          Type.Literal('open'),
          Type.Literal('grabbed'),
          Type.Literal('exhausted'),
          Type.Literal('expired'),
          Type.Literal('cancelled'),
          Type.Literal('for-others'),
        ]),
        amountFen: Type.Union([FenSchema, Type.Null()]),
        count: Type.Integer({ minimum: 1 }),
        taken: Type.Integer({ minimum: 0 }),
        expiresAtSecond: SecondSchema,
        needsPhrase: Type.Boolean(),
      },
      strict,
    ),
  },
  grabPacket: {
    takes: Type.Object({ packetId: PacketIdSchema, phrase: Type.Optional(text(bounds.phraseChars)) }, strict),
    answers: Type.Object(
      { packetId: PacketIdSchema, amountFen: FenSchema, shareIndex: Type.Integer({ minimum: 0 }) },
      strict,
    ),
  },
  thankForPacket: {
    takes: Type.Object({ packetId: PacketIdSchema, note: text(bounds.thanksChars, 1) }, strict),
    answers: DoneSchema,
  },
} as const;

/** What each request takes and answers, by type. */
export type WireRequests = {
  [Type in keyof typeof requestSchemas]: {
    takes: Static<(typeof requestSchemas)[Type]['takes']>;
    answers: Static<(typeof requestSchemas)[Type]['answers']>;
  };
};
export type WireRequestType = keyof WireRequests;
/** What a request of this type takes. */
export type Takes<Type extends WireRequestType> = WireRequests[Type]['takes'];
/** What a request of this type is answered with. */
export type Answers<Type extends WireRequestType> = WireRequests[Type]['answers'];

/** Whether there is a request of this type. */
export function isRequestType(type: string): type is WireRequestType {
  return Object.hasOwn(requestSchemas, type);
}
