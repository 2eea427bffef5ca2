/**
 * Everything non-deterministic that the system touches: clocks, randomness, timers and ids.
 *
 * Every part takes a `Runtime` (or the one port of it that it needs) as an argument and never reaches for
 * `Date.now`, `Math.random`, `setTimeout` or `crypto.randomUUID` itself. That is what lets the whole system
 * run under a virtual clock with a seeded source of randomness.
 */
export interface Runtime {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: Timers;
  readonly ids: IdSource;
}

export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May step forwards or back. */
  nowMs(): number;
  /** Monotonic time in milliseconds (fractional) from an arbitrary origin. Never steps. */
  monotonicMs(): number;
}

export interface RandomSource {
  /** `size` bytes from a cryptographically secure source (or, in a simulation, from a seed). */
  bytes(size: number): Uint8Array;
  /** A uniform number in [0, 1), for jitter only; never for money or secrets. */
  fraction(): number;
}

export interface TimerHandle {
  /** Stops the timer. Harmless when it has already fired. */
  cancel(): void;
}

export interface Timers {
  /** Calls `callback` once, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): TimerHandle;
  /** Calls `callback` every `periodMs`. */
  every(periodMs: number, callback: () => void): TimerHandle;
  /** Resolves no earlier than `delayMs` from now; resolves at once when `signal` is or becomes aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface IdSource {
  /** A fresh UUIDv7: unique, and sortable by the time it was made. */
  next(): string;
}
