import type { RandomSource } from '../runtime/runtime.ts';

/** The delay before try number `attempt` (1, 2, ...): doubling from `minMs` to `maxMs`, less up to half at random. */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: RandomSource): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30));
  return full * (1 - random.fraction() / 2);
}
