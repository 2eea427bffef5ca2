import type { Clock } from '../runtime/runtime.ts';

/**
 * The server's time on this client. The client's own wall clock may be hours off and may step: what the server
 * says is held against the monotonic clock instead.
 */
export class ServerClock {
  readonly #clock: Clock;
  /** The server's time minus the monotonic clock. */
  #offsetMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in what the server has just said its time is. */
  learn(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - this.#clock.monotonicMs();
  }

  /** `undefined` before the server has said it. */
  nowMs(): number | undefined {
    return this.#offsetMs === undefined ? undefined : this.#clock.monotonicMs() + this.#offsetMs;
  }

  /** How long until that time of the server; until the server has said its time, by the client's own clock. */
  leftMs(untilServerTimeMs: number): number {
    return untilServerTimeMs - (this.nowMs() ?? this.#clock.nowMs());
  }
}
