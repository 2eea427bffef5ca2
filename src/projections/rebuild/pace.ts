import type { Runtime } from '../../runtime/runtime.ts';
import { limits } from '../../config/limits.ts';

/** Holds a copy down to a rate, so that it leaves the machine to others. */
export interface Pace {
  /** So many events at most go in one transaction. */
  readonly batchEventsMax: number;
  /** Resolves when so many events more may be taken. Throws the signal's reason when it aborts. */
  take(events: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Batches of a paced copy take this part of a second's events: no reader waits for a whole second's work. */
const batchesPerSecond = 10;

/** As fast as it goes. */
export const fullSpeed: Pace = {
  batchEventsMax: limits.projections.rebuildBatchEventsMax,
  take: () => Promise.resolve(),
};

/** At most `eventsPerSecondMax`. Time that was not used is not made up for: there are no bursts. */
export function evenPace(
  eventsPerSecondMax: number,
  { clock, timers }: Pick<Runtime, 'clock' | 'timers'>,
): Pace {
  let freeAtMs = 0;
  const batchEvents = Math.ceil(eventsPerSecondMax / batchesPerSecond);
  return {
    batchEventsMax: Math.min(batchEvents, limits.projections.rebuildBatchEventsMax),
    async take(events, signal) {
      const nowMs = clock.monotonicMs();
      const startMs = Math.max(nowMs, freeAtMs);
      freeAtMs = startMs + (events * 1_000) / eventsPerSecondMax;
      if (startMs > nowMs) await timers.sleep(startMs - nowMs, signal);
      signal?.throwIfAborted();
    },
  };
}
