import { createHook } from 'node:async_hooks';
import type { Runtime, TimerHandle } from '../../src/runtime/runtime.ts';

/**
 * A runtime in which nothing happens by itself: a clock that stands until it is moved, timers that fire in order
 * when it is, and randomness and ids from a seed.
 */
export interface VirtualRuntime extends Runtime {
  /** Moves both clocks, firing what becomes due on the way and letting its consequences happen. */
  advance(durationMs: number): Promise<void>;
  /**
   * Lets promises settle without moving the clock, those of signatures, which are made on another thread, too. The
   * thread of argon2 is not waited for: await such promises themselves.
   */
  flush(): Promise<void>;
  /** Moves time on until the promise settles. Fails after `withinMs` of virtual time. */
  settle<Value>(promise: Promise<Value>, withinMs?: number): Promise<Value>;
  /** Sets the wall clock off by so much against the monotonic one, as an operator or a bad time server would. */
  stepWallClock(byMs: number): void;
  /** Timers that are waiting: a part that was stopped should have left none. */
  readonly pendingTimers: number;
}

interface VirtualTimer {
  readonly id: number;
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/** 2026-01-01, 00:00 UTC. */
const virtualStartMs = Date.UTC(2026, 0, 1);

export function virtualRuntime(options: { seed?: number; startMs?: number } = {}): VirtualRuntime {
  const next = mulberry32(options.seed ?? 1);
  const timers = new Map<number, VirtualTimer>();
  let monotonicMs = 0;
  let wallOffsetMs = options.startMs ?? virtualStartMs;
  let timerIds = 0;
  let ids = 0;

  const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => next() * 256);

  function add(delayMs: number, callback: () => void, periodMs?: number): TimerHandle {
    timerIds += 1;
    const id = timerIds;
    timers.set(id, { id, dueMs: monotonicMs + Math.max(delayMs, 0), periodMs, callback });
    return { cancel: () => timers.delete(id) };
  }

  function nextDue(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of timers.values()) {
      if (first === undefined || timer.dueMs < first.dueMs) first = timer;
    }
    return first;
  }

  async function advanceTo(targetMs: number): Promise<void> {
    await flush();
    for (;;) {
      const timer = nextDue();
      if (timer === undefined || timer.dueMs > targetMs) break;
      monotonicMs = Math.max(monotonicMs, timer.dueMs);
      if (timer.periodMs === undefined) timers.delete(timer.id);
      else timer.dueMs = monotonicMs + timer.periodMs;
      timer.callback();
      await flush();
    }
    monotonicMs = Math.max(monotonicMs, targetMs);
  }

  return {
    clock: { nowMs: () => Math.floor(wallOffsetMs + monotonicMs), monotonicMs: () => monotonicMs },
    random: { bytes, fraction: next },
    timers: {
      after: (delayMs, callback) => add(delayMs, callback),
      every: (periodMs, callback) => add(periodMs, callback, periodMs),
      sleep: (delayMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const timer = add(delayMs, finish);
          function finish(): void {
            timer.cancel();
            signal?.removeEventListener('abort', finish);
            resolve();
          }
          signal?.addEventListener('abort', finish, { once: true });
        }),
    },
    ids: {
      next() {
        ids += 1;
        return uuidV7(Math.floor(wallOffsetMs + monotonicMs), ids, bytes(8));
      },
    },
    advance: (durationMs) => advanceTo(monotonicMs + durationMs),
    flush,
    async settle<Value>(promise: Promise<Value>, withinMs = 600_000) {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      watched.catch(() => undefined);
      const untilMs = monotonicMs + withinMs;
      await flush();
      while (!settled) {
        const timer = nextDue();
        if (timer === undefined || timer.dueMs > untilMs) {
          throw new Error(`nothing settles this promise within ${withinMs} ms of virtual time`);
        }
        await advanceTo(timer.dueMs);
      }
      return watched;
    },
    stepWallClock(byMs) {
      wallOffsetMs += byMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

/** Signatures that another thread is making: virtual time may not run ahead of them. */
const signatures = new Set<number>();
createHook({
  init(id, type) {
    if (type === 'SIGNREQUEST') signatures.add(id);
  },
  after(id) {
    signatures.delete(id);
  },
}).enable();

/** Turns of the event loop: each lets all promises that can settle by themselves settle. */
async function flush(): Promise<void> {
  for (let quietTurns = 0; quietTurns < 4; quietTurns += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signatures.size > 0) quietTurns = -1;
  }
}

/** Tommy Ettinger's mulberry32: small, fast, good enough for tests. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The layout of RFC 9562, with a counter where it allows one, so that ids of one millisecond sort. */
function uuidV7(timeMs: number, counter: number, random: Uint8Array): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const sequence = (counter & 0xfff).toString(16).padStart(3, '0');
  const tail = Buffer.from(random).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-8${tail.slice(1, 4)}-${tail.slice(4)}`;
}
