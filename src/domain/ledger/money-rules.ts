/**
 * What must hold of money at every position of the log. The numbers are those by which the documentation, the
 * audit command and the tests name them. (Rule 8, that read models equal a replay, is not about the log.)
 */
export const moneyRules = {
  1: 'Wallets, open packets and money under way together hold what was deposited less what was withdrawn.',
  2: 'What a packet was funded with is what it granted, returned and still holds.',
  3: 'A packet grants at most as many shares as it has, and at most one to a user.',
  4: 'Nothing is granted at or after the expiry second, and nothing is refunded before it.',
  5: 'A packet ends exactly once.',
  6: 'No balance is below zero.',
  7: 'What a packet gives out is credited exactly once, soon, and to the right wallet.',
} as const;

export type MoneyRule = keyof typeof moneyRules;

export interface MoneyViolation {
  readonly rule: MoneyRule;
  /** The event that broke the rule or, where something is missing, the one that it should have followed. */
  readonly position: bigint;
  readonly stream: string;
  /** What is wrong, with ids and amounts. */
  readonly detail: string;
}

/** The terms of rule 1, fen. */
export interface MoneyTerms {
  readonly walletsFen: number;
  /** Left a wallet for a packet that is not sent yet. */
  readonly fundsUnderWayFen: number;
  /** What open packets still hold. */
  readonly openPacketsFen: number;
  /** Left a packet for a wallet that does not have it yet. */
  readonly creditsUnderWayFen: number;
  readonly depositedFen: number;
  readonly withdrawnFen: number;
}

/** What rule 1 wants to be 0: above it, money came from nowhere; below it, money has vanished. */
export function imbalanceFen(terms: MoneyTerms): number {
  const held = terms.walletsFen + terms.fundsUnderWayFen + terms.openPacketsFen + terms.creditsUnderWayFen;
  return held - (terms.depositedFen - terms.withdrawnFen);
}
