import type { PacketTerms } from '../packet/packet-terms.ts';

/** What has left a packet for a wallet. */
export interface CreditUnderWay {
  readonly userId: string;
  readonly amountFen: number;
  readonly timeMs: number;
  readonly position: bigint;
  readonly stream: string;
}

/** What the audit knows of one packet that is not settled: not ended, or with credits under way. Changes in place. */
export interface PacketAccount {
  /** Whether there was a PacketFunded. */
  funded: boolean;
  /** Left a wallet and not in the packet yet. */
  fundsUnderWayFen: number;
  /** Where it was funded or sent, for what is found missing later. */
  origin:
    | { readonly position: bigint; readonly stream: string; readonly expiresAtSecond: number }
    | undefined;
  terms: PacketTerms | undefined;
  /** What the packet holds by its terms, grants and end. */
  remainingFen: number;
  ended: boolean;
  readonly grantedTo: Set<string>;
  grants: number;
  /** By credit key. */
  readonly underWay: Map<string, CreditUnderWay>;
}

export function blankAccount(): PacketAccount {
  return {
    funded: false,
    fundsUnderWayFen: 0,
    origin: undefined,
    terms: undefined,
    remainingFen: 0,
    ended: false,
    grantedTo: new Set(),
    grants: 0,
    underWay: new Map(),
  };
}

/** Whether nothing is expected of the packet any more, so that its details may be dropped. */
export function isSettled(account: PacketAccount): boolean {
  return account.ended && account.fundsUnderWayFen === 0 && account.underWay.size === 0;
}
