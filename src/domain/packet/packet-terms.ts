import type { ConversationId, PacketId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** lucky: random shares. equal: all the same. exclusive: equal shares for the named receivers only. */
export type PacketKind = 'lucky' | 'equal' | 'exclusive';

/** What a sender promises; fixed once funded. */
export interface PacketTerms {
  readonly packetId: PacketId;
  readonly senderId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: PacketKind;
  readonly totalFen: number;
  /** Number of shares. */
  readonly count: number;
  /** Nothing is granted at or after this second (Unix time), nothing refunded before it. */
  readonly expiresAtSecond: number;
  /** The named receivers of an exclusive packet; empty for the other kinds. */
  readonly receivers: readonly UserId[];
  readonly greeting: Sealed;
  /** What the packet looks like before it is opened. */
  readonly cover: PacketCover;
  /** Of a password packet: what a grab must bring. `null` for the others. */
  readonly phrase: PhraseLock | null;
  readonly fairness: FairnessCommitment;
}

/** The covers that there are. A client that does not know one shows the classic one. */
export const packetCovers = ['classic', 'new-year', 'birthday', 'wedding', 'thanks', 'luck'] as const;
export type PacketCover = (typeof packetCovers)[number];

/**
 * Recognises the phrase of a password packet without telling it: HMAC-SHA256(key of `masterKeyVersion`, packet id,
 * phrase in its normal form), hex. Only who has the master key can try phrases against it.
 */
export interface PhraseLock {
  readonly masterKeyVersion: number;
  readonly verifier: string;
}

/**
 * What the server commits to before the first grab, so that the split can be checked afterwards.
 * The seed is HMAC-SHA256(master key of `masterKeyVersion`, packet id, nonce).
 */
export interface FairnessCommitment {
  readonly algorithmVersion: 1;
  readonly masterKeyVersion: number;
  /** Chosen by the sender's client: 16 to 64 bytes as lower-case hex. */
  readonly nonce: string;
  /** Hex of SHA-256 over seed, packet id, total, count and algorithm version; see fairness.ts. */
  readonly commitment: string;
}
