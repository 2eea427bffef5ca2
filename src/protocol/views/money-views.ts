import { type Static, Type } from 'typebox';
import {
  ConversationIdSchema,
  FenSchema,
  NullableTextSchema,
  PacketIdSchema,
  SecondSchema,
  TimeMsSchema,
  UserIdSchema,
} from '../scalars.ts';

export const WalletViewSchema = Type.Object({ balanceFen: FenSchema });
export type WalletView = Static<typeof WalletViewSchema>;

/** One line of a wallet's statement. */
export const WalletEntryViewSchema = Type.Object({
  /** Grows with every entry of this wallet. */
  entryNo: Type.Integer({ minimum: 1 }),
  kind: Type.Union([
    Type.Literal('deposit'),
    Type.Literal('withdrawal'),
    Type.Literal('packet'),
    Type.Literal('grab'),
    Type.Literal('refund'),
  ]),
  /** Negative when money left the wallet. */
  amountFen: Type.Integer(),
  /** After this entry. */
  balanceFen: FenSchema,
  packetId: Type.Union([PacketIdSchema, Type.Null()]),
  timeMs: TimeMsSchema,
});
export type WalletEntryView = Static<typeof WalletEntryViewSchema>;

export const PacketStateSchema = Type.Union([
  Type.Literal('open'),
  Type.Literal('exhausted'),
  Type.Literal('refunded'),
  Type.Literal('cancelled'),
]);

export const GrabViewSchema = Type.Object({
  userId: UserIdSchema,
  /** 0-based order of the grab. */
  shareIndex: Type.Integer({ minimum: 0 }),
  amountFen: FenSchema,
  timeMs: TimeMsSchema,
});
export type GrabView = Static<typeof GrabViewSchema>;

/** A packet as one who may know of it sees it. */
export const PacketViewSchema = Type.Object({
  packetId: PacketIdSchema,
  conversationId: ConversationIdSchema,
  senderId: UserIdSchema,
  kind: Type.Union([Type.Literal('lucky'), Type.Literal('equal'), Type.Literal('exclusive')]),
  totalFen: FenSchema,
  count: Type.Integer({ minimum: 1 }),
  /** Shares taken so far. */
  taken: Type.Integer({ minimum: 0 }),
  state: PacketStateSchema,
  sentAtMs: TimeMsSchema,
  expiresAtSecond: SecondSchema,
  greeting: NullableTextSchema,
  /** The named receivers of an exclusive packet. */
  receivers: Type.Array(UserIdSchema),
  /** What the server committed to before the first grab (hex); see the proof. */
  commitment: Type.String(),
  /** The reader's own share. */
  mine: Type.Union([GrabViewSchema, Type.Null()]),
  /** Every share, for the sender, those who have one, and for everyone once the packet has ended; else `null`. */
  grabs: Type.Union([Type.Array(GrabViewSchema), Type.Null()]),
  /** The earliest of the largest shares, once all are taken. */
  luckiest: Type.Union([UserIdSchema, Type.Null()]),
  /** What went back to the sender; 0 while nothing has. */
  refundedFen: FenSchema,
  endedAtMs: Type.Union([TimeMsSchema, Type.Null()]),
});
export type PacketView = Static<typeof PacketViewSchema>;

/** All that is needed to recompute the split of a packet that has ended. */
export const PacketProofViewSchema = Type.Object({
  packetId: PacketIdSchema,
  algorithmVersion: Type.Literal(1),
  masterKeyVersion: Type.Integer(),
  kind: Type.Union([Type.Literal('lucky'), Type.Literal('equal'), Type.Literal('exclusive')]),
  totalFen: FenSchema,
  count: Type.Integer({ minimum: 1 }),
  /** The sender's part of the seed (hex). */
  nonce: Type.String(),
  /** Revealed by the packet's end (hex). */
  seed: Type.String(),
  /** SHA-256 (hex) over seed, packet id, total, count and algorithm version, published at the send. */
  commitment: Type.String(),
  /** The shares that were granted, in the order of the grabs. */
  shares: Type.Array(GrabViewSchema),
});
export type PacketProofView = Static<typeof PacketProofViewSchema>;
