import type { Clock, Timers } from '../../../../../src/runtime/runtime.ts';

/** An event loop whose turns and whose time pass when a test says so. */
export function aLoop(): { clock: Clock; timers: Timers; pass(ms: number): void; turn(): void } {
  let nowMs = 0;
  let due: (() => void)[] = [];
  return {
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (_, callback) => {
        due.push(callback);
        return { cancel: () => {} };
      },
      every: () => ({ cancel: () => {} }),
      sleep: () => Promise.resolve(),
    },
    pass(ms) {
      nowMs += ms;
    },
    turn() {
      const callbacks = due;
      due = [];
      for (const callback of callbacks) callback();
    },
  };
}
