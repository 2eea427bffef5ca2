import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { v7 as uuidv7 } from 'uuid';
import { globalTimers } from './global-timers.ts';
import type { Runtime } from './runtime.ts';

/** The runtime of a real process: the machine's clocks, the kernel's randomness, Node's timers. */
export function systemRuntime(): Runtime {
  return {
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: { bytes: (size) => randomBytes(size), fraction: () => Math.random() },
    timers: globalTimers,
    ids: { next: () => uuidv7() },
  };
}
