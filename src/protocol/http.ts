import { type Static, type TSchema, Type } from 'typebox';
import { bounds } from './bounds.ts';
import {
  ConversationIdSchema,
  CursorSeqSchema,
  DeviceIdSchema,
  GroupIdSchema,
  PacketIdSchema,
  PositionSchema,
  strict,
  TimeMsSchema,
  text,
} from './scalars.ts';
import { GroupMemberViewSchema, GroupViewSchema } from './views/group-views.ts';
import { InboxEntryViewSchema, MessageViewSchema, ReceiptViewSchema } from './views/message-views.ts';
import {
  PacketProofViewSchema,
  PacketViewSchema,
  ReceivedShareViewSchema,
  SentPacketViewSchema,
  WalletEntryViewSchema,
  WalletViewSchema,
} from './views/money-views.ts';
import {
  BlockViewSchema,
  FriendRequestViewSchema,
  FriendViewSchema,
  UserViewSchema,
} from './views/user-views.ts';

// --- Accounts and sessions ---

export const RegisterBodySchema = Type.Object(
  {
    username: text(bounds.usernameChars),
    password: text(bounds.passwordChars),
    nickname: text(bounds.nicknameChars, 1),
    deviceName: text(bounds.deviceNameChars, 1),
  },
  strict,
);
export type RegisterBody = Static<typeof RegisterBodySchema>;

export const LoginBodySchema = Type.Object(
  {
    username: text(bounds.usernameChars),
    password: text(bounds.passwordChars),
    deviceName: text(bounds.deviceNameChars, 1),
  },
  strict,
);
export type LoginBody = Static<typeof LoginBodySchema>;

export const RefreshBodySchema = Type.Object({ refreshToken: text(bounds.tokenChars, 1) }, strict);

export const PasswordBodySchema = Type.Object(
  { oldPassword: text(bounds.passwordChars), newPassword: text(bounds.passwordChars) },
  strict,
);

/** Form only; the domain's own rule (6 digits) answers `pin-weak`, and a wrong one `pin-wrong`. */
const pin = text(bounds.pinChars);
export const PaymentPinBodySchema = Type.Object({ pin, password: text(bounds.passwordChars) }, strict);
export const PaymentPinChangeBodySchema = Type.Object({ pin, oldPin: pin }, strict);
export const PaymentPinVerifyBodySchema = Type.Object({ pin }, strict);
export const PaymentPinStatusSchema = Type.Object({
  isSet: Type.Boolean(),
  lockedUntilMs: Type.Union([TimeMsSchema, Type.Null()]),
});
export type PaymentPinStatus = Static<typeof PaymentPinStatusSchema>;

export const PaymentTokenSchema = Type.Object({
  /** Goes into the `paymentToken` of a payment by this device. */
  paymentToken: Type.String(),
  expiresAtMs: TimeMsSchema,
});
export type PaymentToken = Static<typeof PaymentTokenSchema>;

export const TokensSchema = Type.Object({
  /** A signed, short-lived token for `Authorization: Bearer` and the hello. */
  accessToken: Type.String(),
  accessExpiresAtMs: TimeMsSchema,
  /** Good for one refresh; using it twice ends the session. */
  refreshToken: Type.String(),
  refreshExpiresAtMs: TimeMsSchema,
});
export type Tokens = Static<typeof TokensSchema>;

export const SessionSchema = Type.Object({
  user: UserViewSchema,
  deviceId: DeviceIdSchema,
  tokens: TokensSchema,
});
export type Session = Static<typeof SessionSchema>;

export const MeSchema = Type.Object({ user: UserViewSchema, deviceId: DeviceIdSchema });
export type Me = Static<typeof MeSchema>;

// --- Reads: parameters ---

/** Wait (bounded) until the read models hold everything up to this position. */
const afterPosition = { after_position: Type.Optional(PositionSchema) };
export const ReadQuerySchema = Type.Object(afterPosition, strict);

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: bounds.pageItems }));
export const PageQuerySchema = Type.Object(
  {
    ...afterPosition,
    /** `next` of the page before. */
    after: Type.Optional(text(bounds.pageCursorChars, 1)),
    limit,
  },
  strict,
);

/** `after`: the number of the last entry of the file before. */
export const StatementFileQuerySchema = Type.Object(
  { ...afterPosition, after: PageQuerySchema.properties.after },
  strict,
);

export const FriendRequestsQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    direction: Type.Optional(Type.Union([Type.Literal('incoming'), Type.Literal('outgoing')])),
  },
  strict,
);

export const UsersQuerySchema = Type.Object(
  {
    ...afterPosition,
    username: Type.Optional(text(bounds.usernameChars, 1)),
    /** User ids, separated by commas. */
    ids: Type.Optional(text(bounds.usersPerLookup * 37, 36)),
  },
  strict,
);

export const MessagesQuerySchema = Type.Object(
  {
    ...afterPosition,
    /** Items with a greater seq. Not together with `before`. */
    after: Type.Optional(CursorSeqSchema),
    /** Items with a lesser seq, the newest of them. */
    before: Type.Optional(CursorSeqSchema),
    limit,
  },
  strict,
);

export const GroupParamsSchema = Type.Object({ groupId: GroupIdSchema });
export const ConversationParamsSchema = Type.Object({ conversationId: ConversationIdSchema });
export const PacketParamsSchema = Type.Object({ packetId: PacketIdSchema });
export const YearParamsSchema = Type.Object({ year: Type.Integer({ minimum: 2000, maximum: 9999 }) });

// --- Reads: answers ---

/** A page of a list. `next` goes into the next request's `after`; `null` at the end. */
const page = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });

/** A page of a list: `next` goes into the next request's `after`; `null` at the end. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export const UsersSchema = Type.Object({ items: Type.Array(UserViewSchema) });
export const FriendsPageSchema = page(FriendViewSchema);
export const FriendRequestsPageSchema = page(FriendRequestViewSchema);
export const GroupsPageSchema = page(GroupViewSchema);
export const GroupMembersPageSchema = page(GroupMemberViewSchema);
export const InboxPageSchema = page(InboxEntryViewSchema);
export const SentPacketsPageSchema = page(SentPacketViewSchema);
export const ReceivedSharesPageSchema = page(ReceivedShareViewSchema);
export const StatementPageSchema = page(WalletEntryViewSchema);
export const ReceiptsPageSchema = page(ReceiptViewSchema);
export const BlocksPageSchema = page(BlockViewSchema);

/** Items in ascending seq, without a hole between the first and the last. */
export const MessagesSchema = Type.Object({
  items: Type.Array(MessageViewSchema),
  /** Whether there are more in the direction that was asked for. */
  more: Type.Boolean(),
});
export type Messages = Static<typeof MessagesSchema>;

export { GroupViewSchema, PacketProofViewSchema, PacketViewSchema, WalletViewSchema };

// --- Development and health ---

export const DevAccountsSchema = Type.Object({
  items: Type.Array(
    Type.Object({ username: Type.String(), password: Type.String(), nickname: Type.String() }),
  ),
});
export type DevAccounts = Static<typeof DevAccountsSchema>;

export const HealthSchema = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('failing')]),
  checks: Type.Record(
    Type.String(),
    Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) }),
  ),
});
