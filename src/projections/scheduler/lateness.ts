/** Upper bounds of the histogram's buckets, ms; one more bucket takes everything above. */
export const latenessBoundsMs = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000] as const;

export interface LatenessSnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Counts per bucket: at most `boundMs`, and above the bound before it. */
  readonly buckets: readonly { readonly boundMs: number; readonly count: number }[];
}

/** How long after their second refunds became durable. */
export class LatenessHistogram {
  readonly #counts = new Array<number>(latenessBoundsMs.length + 1).fill(0);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(latenessMs: number): void {
    const bound = latenessBoundsMs.findIndex((boundMs) => latenessMs <= boundMs);
    const index = bound < 0 ? latenessBoundsMs.length : bound;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += latenessMs;
    this.#maxMs = Math.max(this.#maxMs, latenessMs);
  }

  snapshot(): LatenessSnapshot {
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      maxMs: this.#maxMs,
      buckets: this.#counts.map((count, index) => ({
        boundMs: latenessBoundsMs[index] ?? Number.POSITIVE_INFINITY,
        count,
      })),
    };
  }
}
