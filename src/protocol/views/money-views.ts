import { type Static, Type } from 'typebox';
import {
  ConversationIdSchema,
  FenSchema,
  NullableTextSchema,
  PacketCoverSchema,
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

const PacketKindSchema = Type.Union([
  Type.Literal('lucky'),
  Type.Literal('equal'),
  Type.Literal('exclusive'),
]);

export const PacketStateSchema = Type.Union([
  Type.Literal('open'),
  Type.Literal('exhausted'),
  Type.Literal('refunded'),
  Type.Literal('cancelled'),
]);

const share = {
  userId: UserIdSchema,
  /** 0-based order of the grab. */
  shareIndex: Type.Integer({ minimum: 0 }),
  amountFen: FenSchema,
  timeMs: TimeMsSchema,
};
export const ShareViewSchema = Type.Object(share);
export const GrabViewSchema = Type.Object({
  ...share,
  /** The taker's note of thanks. */
  thanks: NullableTextSchema,
});
export type GrabView = Static<typeof GrabViewSchema>;

/** A packet as one who may know of it sees it. */
export const PacketViewSchema = Type.Object({
  packetId: PacketIdSchema,
  conversationId: ConversationIdSchema,
  senderId: UserIdSchema,
  kind: PacketKindSchema,
  totalFen: FenSchema,
  count: Type.Integer({ minimum: 1 }),
  /** Shares taken so far. */
  taken: Type.Integer({ minimum: 0 }),
  state: PacketStateSchema,
  sentAtMs: TimeMsSchema,
  expiresAtSecond: SecondSchema,
  greeting: NullableTextSchema,
  cover: PacketCoverSchema,
  /** A grab must bring the packet's phrase. */
  needsPhrase: Type.Boolean(),
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
  /** From the send to the last share, once all are taken. */
  takenInMs: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
});
export type PacketView = Static<typeof PacketViewSchema>;

/** A packet in the list of those that a user has sent. */
export const SentPacketViewSchema = Type.Object({
  packetId: PacketIdSchema,
  conversationId: ConversationIdSchema,
  kind: PacketKindSchema,
  totalFen: FenSchema,
  count: Type.Integer({ minimum: 1 }),
  taken: Type.Integer({ minimum: 0 }),
  state: PacketStateSchema,
  sentAtMs: TimeMsSchema,
  refundedFen: FenSchema,
});
export type SentPacketView = Static<typeof SentPacketViewSchema>;

/** A share in the list of those that a user has received. */
export const ReceivedShareViewSchema = Type.Object({
  packetId: PacketIdSchema,
  conversationId: ConversationIdSchema,
  senderId: UserIdSchema,
  kind: PacketKindSchema,
  amountFen: FenSchema,
  timeMs: TimeMsSchema,
  /** Whether it is the packet's greatest share. Known once all are taken. */
  luckiest: Type.Boolean(),
});
export type ReceivedShareView = Static<typeof ReceivedShareViewSchema>;

/** What packets a user has sent and received in a year, by the calendar of China. */
export const YearlyRecordViewSchema = Type.Object({
  year: Type.Integer(),
  sent: Type.Object({
    /** Packets. */
    count: Type.Integer({ minimum: 0 }),
    totalFen: FenSchema,
    /** What came back of packets that expired or were taken back. */
    returnedFen: FenSchema,
  }),
  received: Type.Object({
    /** Shares. */
    count: Type.Integer({ minimum: 0 }),
    totalFen: FenSchema,
    /** The greatest share. */
    bestFen: FenSchema,
    /** How often the user had the greatest share of a packet. */
    luckiestCount: Type.Integer({ minimum: 0 }),
  }),
});
export type YearlyRecordView = Static<typeof YearlyRecordViewSchema>;

/** All that is needed to recompute the split of a packet that has ended. */
export const PacketProofViewSchema = Type.Object({
  packetId: PacketIdSchema,
  algorithmVersion: Type.Literal(1),
  masterKeyVersion: Type.Integer(),
  kind: PacketKindSchema,
  totalFen: FenSchema,
  count: Type.Integer({ minimum: 1 }),
  /** The sender's part of the seed (hex). */
  nonce: Type.String(),
  /** Revealed by the packet's end (hex). */
  seed: Type.String(),
  /** SHA-256 (hex) over seed, packet id, total, count and algorithm version, published at the send. */
  commitment: Type.String(),
  /** The shares that were granted, in the order of the grabs. */
  shares: Type.Array(ShareViewSchema),
  /** The recomputation: the packet was split as promised exactly when all of these are `ok`. */
  checks: Type.Array(
    Type.Object({
      check: Type.Union([
        Type.Literal('seed-form'),
        Type.Literal('commitment'),
        Type.Literal('shares-in-order'),
        Type.Literal('share-amount'),
        Type.Literal('sum'),
      ]),
      ok: Type.Boolean(),
      /** The share that a `share-amount` is about. */
      shareIndex: Type.Optional(Type.Integer({ minimum: 0 })),
      expected: Type.String(),
      actual: Type.String(),
    }),
  ),
});
export type PacketProofView = Static<typeof PacketProofViewSchema>;
