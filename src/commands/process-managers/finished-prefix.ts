import type { Position } from '../event-log.ts';

interface Slot {
  readonly position: Position;
  finished: boolean;
}

/** Work that begins in log order and ends in any: knows up to which position all of it has ended. */
export class FinishedPrefix {
  readonly #slots: Slot[] = [];
  #position: Position;
  #running = 0;
  #changed = Promise.withResolvers<void>();

  constructor(position: Position) {
    this.#position = position;
  }

  /** Everything up to here has ended. */
  get position(): Position {
    return this.#position;
  }

  get inFlight(): number {
    return this.#slots.length;
  }

  /** The next piece of work. Call what it returns when the work has ended. */
  begin(position: Position): () => void {
    const slot: Slot = { position, finished: false };
    this.#slots.push(slot);
    this.#running += 1;
    return () => {
      if (slot.finished) return;
      slot.finished = true;
      this.#running -= 1;
      this.#advance();
    };
  }

  /** One piece of work was given up: the position stays before it. */
  abandon(): void {
    this.#running -= 1;
    this.#announce();
  }

  /** Resolves once fewer than `count` pieces stand between the position and the newest one, or on abort. */
  async below(count: number, signal: AbortSignal): Promise<void> {
    // After an abort every piece that runs is abandoned or ends, and either is announced.
    while (this.#slots.length >= count && !signal.aborted) await this.#changed.promise;
  }

  /** Resolves once nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running > 0) await this.#changed.promise;
  }

  #advance(): void {
    let done = 0;
    for (const slot of this.#slots) {
      if (!slot.finished) break;
      if (slot.position > this.#position) this.#position = slot.position;
      done += 1;
    }
    if (done > 0) this.#slots.splice(0, done);
    this.#announce();
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
