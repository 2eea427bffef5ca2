import type { Clock } from '../../runtime/runtime.ts';

/**
 * Lets many callers share one piece of work: those that come while it is under way wait for the same result, and
 * those that come within `ageMs` after it get that result again. Work that rejects is not shared afterwards.
 */
export function sharedResult<Result>(
  work: () => Promise<Result>,
  ageMs: number,
  clock: Pick<Clock, 'monotonicMs'>,
): () => Promise<Result> {
  let shared: Promise<Result> | undefined;
  let goodUntilMs = Number.POSITIVE_INFINITY;
  return () => {
    if (shared !== undefined && clock.monotonicMs() < goodUntilMs) return shared;
    goodUntilMs = Number.POSITIVE_INFINITY;
    const begun = work();
    shared = begun;
    begun.then(
      () => {
        goodUntilMs = clock.monotonicMs() + ageMs;
      },
      () => {
        shared = undefined;
      },
    );
    return begun;
  };
}
