import type { Rejection } from '../decider.ts';
import { rejection } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';

const { phraseCharsMax } = domainLimits.packet;

/** A phrase as it is compared: what people type the same way is the same, however wide, large or spaced it is. */
export function normalisePhrase(phrase: string): string {
  return phrase.normalize('NFKC').toLowerCase().trim().replace(/\s+/gu, ' ');
}

/** Why this (in its normal form) cannot be a packet's phrase; `undefined` when it can. */
export function phraseRefusal(normalised: string): Rejection | undefined {
  const ok = normalised.length >= 1 && normalised.length <= phraseCharsMax;
  return ok ? undefined : rejection('phrase-invalid', `A phrase has 1 to ${phraseCharsMax} characters.`);
}
