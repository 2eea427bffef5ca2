/** How long a client took to answer, over its last events. */
export class LatencySamples {
  readonly #startedMs = new Map<string, number>();
  readonly #samplesMs: number[] = [];
  #next = 0;
  readonly #max: number;

  /** `max`: how many answers are remembered, and how many events that wait for one. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The event with this id was given to the client. */
  started(id: string, nowMs: number): void {
    this.#startedMs.delete(id);
    this.#startedMs.set(id, nowMs);
    // An event that was taken back is never answered; the oldest ones are such.
    const [oldest] = this.#startedMs.keys();
    if (this.#startedMs.size > this.#max && oldest !== undefined) this.#startedMs.delete(oldest);
  }

  /** The client answered it. */
  answered(id: string, nowMs: number): void {
    const startedMs = this.#startedMs.get(id);
    if (startedMs === undefined) return;
    this.#startedMs.delete(id);
    this.#samplesMs[this.#next] = nowMs - startedMs;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** Whole milliseconds by name, with EventStoreDB's names; none before the first answer. */
  measurements(): readonly (readonly [name: string, ms: number])[] {
    const sorted = this.#samplesMs.toSorted((a, b) => a - b);
    if (sorted.length === 0) return [];
    const at = (share: number): number =>
      sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0;
    const sum = sorted.reduce((total, ms) => total + ms, 0);
    const named: (readonly [string, number])[] = [
      ['Mean', sum / sorted.length],
      ['Median', at(0.5)],
      ['Fastest', at(0)],
      ...[1, 2, 3, 4, 5].map((n) => [`Quintile ${n}`, at((n - 1) / 5)] as const),
      ...[90, 95, 99, 99.5, 99.9].map((percent) => [`${percent}%`, at(percent / 100)] as const),
      ['Highest', at(1)],
    ];
    return named.map(([name, ms]) => [name, Math.round(ms)]);
  }
}
