import type { PacketId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';
import type { PacketTerms } from './packet-terms.ts';

/** Why a packet was taken back before anyone could grab it: its message can never be delivered. */
export type CancelReason = 'group-dissolved' | 'sender-removed' | 'not-friends' | 'blocked';

/** On `packet-{packetId}`. */
export type PacketEvent =
  | { readonly type: 'PacketSent'; readonly data: PacketTerms }
  | {
      readonly type: 'PacketGrabbed';
      readonly data: {
        readonly packetId: PacketId;
        readonly userId: UserId;
        /** 0-based order of the grab. */
        readonly shareIndex: number;
        readonly amountFen: number;
        readonly expiresAtSecond: number;
      };
    }
  /** In the same append as the last grab. Reveals the seed (hex). */
  | {
      readonly type: 'PacketExhausted';
      readonly data: {
        readonly packetId: PacketId;
        readonly senderId: UserId;
        readonly luckiest: UserId;
        readonly seed: string;
      };
    }
  /** By whoever has that share, once. May come after the end. */
  | {
      readonly type: 'PacketThanked';
      readonly data: {
        readonly packetId: PacketId;
        readonly senderId: UserId;
        readonly userId: UserId;
        readonly shareIndex: number;
        readonly note: Sealed;
      };
    }
  | {
      readonly type: 'PacketRefunded';
      readonly data: {
        readonly packetId: PacketId;
        readonly senderId: UserId;
        /** All that was not granted. */
        readonly amountFen: number;
        readonly expiresAtSecond: number;
        readonly seed: string;
      };
    }
  | {
      readonly type: 'PacketCancelled';
      readonly data: {
        readonly packetId: PacketId;
        readonly senderId: UserId;
        readonly amountFen: number;
        readonly expiresAtSecond: number;
        readonly reason: CancelReason;
        readonly seed: string;
      };
    };
