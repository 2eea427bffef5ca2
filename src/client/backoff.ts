import type { RandomSource } from '../runtime/runtime.ts';

/**
 * How long to wait before try number `attempt` (0 is the first repetition), ms: exponential, with "equal jitter"
 * (half of it fixed, half random), so that those who failed together do not come back together.
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: RandomSource): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return fullMs / 2 + (fullMs / 2) * random.fraction();
}
