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
  readonly fairness: FairnessCommitment;
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
