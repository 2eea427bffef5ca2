import type { Clock } from '../runtime/runtime.ts';

export interface CacheBounds {
  readonly cachedAggregatesBytesMax: number;
  readonly cachedAggregateIdleMs: number;
}

/** What is kept in memory for a stream. */
export interface CachedAggregate {
  /** Whether nothing is under way, so that it may be forgotten. */
  readonly isIdle: boolean;
  /** About how many bytes of memory it takes. */
  readonly heldBytes: number;
  /** Lets go of it. */
  forget(): void;
}

interface Entry {
  readonly cached: CachedAggregate;
  readonly usedAtMs: number;
  bytes: number;
}

/**
 * One budget of memory for the aggregates of all kinds: over it, the least recently used are forgotten. Few of
 * them are as heavy as a busy conversation, so a bound on their number would say nothing.
 */
export class AggregateCache {
  readonly #clock: Clock;
  readonly #bounds: CacheBounds;
  /** By stream; the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #heldBytes = 0;

  constructor(clock: Clock, bounds: CacheBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The sum of what its entries were found to take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes note that a stream is used, which makes it the last one to be forgotten. */
  use(stream: string, cached: CachedAggregate): void {
    const { heldBytes } = cached;
    this.#heldBytes += heldBytes - (this.#entries.get(stream)?.bytes ?? 0);
    this.#entries.delete(stream);
    this.#entries.set(stream, { cached, usedAtMs: this.#clock.monotonicMs(), bytes: heldBytes });
    this.#makeRoom(stream);
  }

  /** Looks again at what a stream takes, after it was read or written to. */
  weigh(stream: string): void {
    const entry = this.#entries.get(stream);
    if (entry === undefined) return;
    const { heldBytes } = entry.cached;
    this.#heldBytes += heldBytes - entry.bytes;
    entry.bytes = heldBytes;
    this.#makeRoom(stream);
  }

  /**
   * The one in use stays, and so do busy ones, beyond the budget if need be: the bound on pending commands bounds
   * them, too.
   */
  #makeRoom(inUse: string): void {
    const { cachedAggregatesBytesMax, cachedAggregateIdleMs } = this.#bounds;
    const unusedSinceMs = this.#clock.monotonicMs() - cachedAggregateIdleMs;
    for (const [stream, { cached, usedAtMs, bytes }] of this.#entries) {
      const isOver = this.#heldBytes > cachedAggregatesBytesMax;
      if (!isOver && usedAtMs > unusedSinceMs) return;
      if (stream === inUse || !cached.isIdle) continue;
      this.#entries.delete(stream);
      this.#heldBytes -= bytes;
      cached.forget();
    }
  }
}
