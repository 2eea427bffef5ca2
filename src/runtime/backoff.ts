import type { RandomSource } from './runtime.ts';

/**
 * How long to wait before repetition number `attempt` (0 is the first), ms: exponential, with "equal jitter"
 * (half of it fixed, half random), so that those who failed together do not come back together.
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: RandomSource): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return fullMs * (1 - random.fraction() / 2);
}
