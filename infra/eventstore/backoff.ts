import { limits } from '../../src/config/limits.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

/**
 * Exponential backoff with equal jitter: the delay before try `failures + 1`, in milliseconds. Half of it is
 * random, so that all readers of a restarted store do not return in the same instant.
 */
export function backoffMs(runtime: Pick<Runtime, 'random'>, failures: number): number {
  const { reconnectDelayMsMin, reconnectDelayMsMax } = limits.eventLog;
  const ceiling = Math.min(reconnectDelayMsMax, reconnectDelayMsMin * 2 ** Math.min(failures, 16));
  return ceiling * (0.5 + runtime.random.fraction() / 2);
}
