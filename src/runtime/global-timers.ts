import type { TimerHandle, Timers } from './runtime.ts';

/** The timers that browsers and Node both have. */
export const globalTimers: Timers = {
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
