import { limits } from '../../../../src/config/limits.ts';
import type { Clock, Timers } from '../../../../src/runtime/runtime.ts';

/**
 * Shares the event loop between filters: together they take at most a slice of each of its turns, however many
 * reads there are and however much an expression costs. What is over it waits for its turn, first come, first
 * served.
 */
export class FilterTurns {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #armed = false;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Runs `match`: at once when there is time in this turn, else in a later one. */
  run(match: () => boolean): boolean | Promise<boolean> {
    return this.#spent() ? this.#later(match) : this.#measured(match);
  }

  async #later(match: () => boolean): Promise<boolean> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#measured(match);
  }

  #spent(): boolean {
    return this.#waiting.length > 0 || this.#spentMs >= limits.eventNode.filterSliceMs;
  }

  #measured(match: () => boolean): boolean {
    const startedMs = this.#clock.monotonicMs();
    try {
      return match();
    } finally {
      this.#spentMs += this.#clock.monotonicMs() - startedMs;
      this.#arm();
      if (this.#spentMs < limits.eventNode.filterSliceMs) this.#waiting.shift()?.();
    }
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#timers.after(0, () => {
      this.#armed = false;
      this.#spentMs = 0;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
      this.#arm();
    });
  }
}
