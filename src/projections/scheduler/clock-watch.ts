import { limits } from '../../config/limits.ts';
import type { Clock } from '../../runtime/runtime.ts';

/**
 * Whether the wall clock can be trusted to say that a second has come. A clock that jumps ahead would refund
 * early, so one that departs from monotonic time by more than `limits.scheduler.clockDriftMsMax` is not, until it
 * has kept its new offset for `clockSettledMs`: then it was set right on purpose.
 */
export class ClockWatch {
  readonly #clock: Clock;
  #offsetMs: number;
  #suspect: { readonly offsetMs: number; readonly sinceMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.nowMs() - clock.monotonicMs();
  }

  /** Looks at both clocks. */
  isTrusted(): boolean {
    const { clockDriftMsMax, clockSettledMs } = limits.scheduler;
    const monotonicMs = this.#clock.monotonicMs();
    const offsetMs = this.#clock.nowMs() - monotonicMs;
    if (Math.abs(offsetMs - this.#offsetMs) <= clockDriftMsMax) {
      this.#suspect = undefined;
      return true;
    }
    const suspect = this.#suspect;
    if (suspect === undefined || Math.abs(offsetMs - suspect.offsetMs) > clockDriftMsMax) {
      this.#suspect = { offsetMs, sinceMs: monotonicMs };
      return false;
    }
    if (monotonicMs - suspect.sinceMs < clockSettledMs) return false;
    this.#offsetMs = offsetMs;
    this.#suspect = undefined;
    return true;
  }
}
