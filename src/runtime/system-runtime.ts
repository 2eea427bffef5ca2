import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { v7 as uuidv7 } from 'uuid';
import type { Runtime, TimerHandle, Timers } from './runtime.ts';

/** The runtime of a real process: the machine's clocks, the kernel's randomness, Node's timers. */
export function systemRuntime(): Runtime {
  return {
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: { bytes: (size) => randomBytes(size), fraction: () => Math.random() },
    timers: systemTimers,
    ids: { next: () => uuidv7() },
  };
}

const systemTimers: Timers = {
  after(delayMs, callback): TimerHandle {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },

  every(periodMs, callback): TimerHandle {
    const timer = setInterval(callback, periodMs);
    return { cancel: () => clearInterval(timer) };
  },

  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, delayMs);
      signal?.addEventListener('abort', finish, { once: true });
    });
  },
};
