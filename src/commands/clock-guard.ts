import type { Logger } from 'pino';
import type { Clock } from '../runtime/runtime.ts';

export interface ClockGuardBounds {
  readonly clockDepartureMsMax: number;
  readonly clockStableMs: number;
}

/**
 * Watches the wall clock against the monotonic one. A wall clock that was set (by hand, by a broken time server,
 * by a machine that slept) must not expire anything early: what depends on it pauses until the clock has kept
 * its new pace for a while, which gives a mistake time to be seen and taken back.
 */
export class ClockGuard {
  readonly #clock: Clock;
  readonly #bounds: ClockGuardBounds;
  readonly #logger: Logger;
  /** Wall minus monotonic time, as it is trusted. */
  #trustedOffsetMs: number;
  /** The departed offset under watch, and since when (monotonic) it has been steady. */
  #departed: { readonly offsetMs: number; readonly sinceMs: number } | undefined;

  constructor(clock: Clock, bounds: ClockGuardBounds, logger: Logger) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#logger = logger;
    this.#trustedOffsetMs = this.#offsetMs();
  }

  /** How long (ms) to keep from acting on the wall clock, at least; 0 when it may be trusted. Ask often. */
  pausedMs(): number {
    const { clockDepartureMsMax, clockStableMs } = this.#bounds;
    const offsetMs = this.#offsetMs();
    const nowMs = this.#clock.monotonicMs();
    if (Math.abs(offsetMs - this.#trustedOffsetMs) <= clockDepartureMsMax) {
      this.#departed = undefined;
      // Slow drift and slewing are no departure.
      this.#trustedOffsetMs = offsetMs;
      return 0;
    }
    if (this.#departed === undefined || Math.abs(offsetMs - this.#departed.offsetMs) > clockDepartureMsMax) {
      this.#departed = { offsetMs, sinceMs: nowMs };
      const departedMs = Math.round(offsetMs - this.#trustedOffsetMs);
      this.#logger.error({ departedMs }, 'the wall clock was set: refunds pause until it has been steady');
    }
    const leftMs = this.#departed.sinceMs + clockStableMs - nowMs;
    if (leftMs > 0) return leftMs;
    this.#logger.warn('the wall clock has been steady: refunds go on');
    this.#trustedOffsetMs = offsetMs;
    this.#departed = undefined;
    return 0;
  }

  #offsetMs(): number {
    return this.#clock.nowMs() - this.#clock.monotonicMs();
  }
}
