import type { Runtime, TimerHandle } from '../../../src/runtime/runtime.ts';
import { runtime } from './support.ts';

/**
 * A runtime for code that talks over real sockets: its time stands still until the test moves it, so that no
 * deadline can pass while a slow machine is at work. Waiting before another try takes time on the clock only.
 */
export interface SteppedRuntime extends Runtime {
  /** Moves time on, firing what becomes due. */
  pass(durationMs: number): void;
  /** Moves time on to where every deadline that is set now has passed. */
  expire(): void;
  /** As `expire`, again and again until the promise settles: for a peer of which nothing will ever be heard. */
  expireUntilSettled<Value>(promise: Promise<Value>): Promise<Value>;
  /** Does something and waits until a deadline has been set after that. */
  untilArmed(action: () => unknown): Promise<void>;
}

interface Deadline {
  readonly dueMs: number;
  readonly callback: () => void;
}

export function steppedRuntime(): SteppedRuntime {
  let nowMs = 0;
  let armed = Promise.withResolvers<void>();
  const deadlines = new Set<Deadline>();

  const fireUntil = (untilMs: number): void => {
    for (const deadline of [...deadlines].sort((one, other) => one.dueMs - other.dueMs)) {
      if (deadline.dueMs > untilMs || !deadlines.delete(deadline)) continue;
      nowMs = Math.max(nowMs, deadline.dueMs);
      deadline.callback();
    }
    nowMs = Math.max(nowMs, untilMs);
  };
  const expire = (): void => fireUntil(Math.max(nowMs, ...[...deadlines].map(({ dueMs }) => dueMs)));

  return {
    ...runtime,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    timers: {
      after(delayMs, callback): TimerHandle {
        if (delayMs < 0) throw new RangeError(`a timer of ${delayMs} ms`);
        const deadline = { dueMs: nowMs + delayMs, callback };
        deadlines.add(deadline);
        armed.resolve();
        return { cancel: () => deadlines.delete(deadline) };
      },
      every() {
        throw new Error('nothing here does anything periodically');
      },
      async sleep(delayMs, signal) {
        if (signal?.aborted) return;
        nowMs += delayMs;
        await turn();
      },
    },
    pass: (durationMs) => fireUntil(nowMs + durationMs),
    expire,
    async expireUntilSettled(promise) {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      watched.catch(() => {});
      while (!settled) {
        expire();
        await turn();
      }
      return watched;
    },
    async untilArmed(action) {
      armed = Promise.withResolvers();
      const next = armed.promise;
      await action();
      await next;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
