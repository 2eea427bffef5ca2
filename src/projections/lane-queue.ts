import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { FeedEntry } from './feed-entry.ts';

/**
 * The events that a lane has to write, in the order of the log. They leave it when they are written, so that nothing
 * is forgotten between a fault and the next try.
 */
export class LaneQueue {
  readonly #partitionOf: (entry: FeedEntry) => number;
  #entries: FeedEntry[] = [];
  #bytes = 0;
  /** Up to here events go one by one: a batch that holds them has failed. */
  #oneByOneTo: Position;

  /** `start`: events come from beyond this position. */
  constructor(start: Position, partitionOf: (entry: FeedEntry) => number) {
    this.#oneByOneTo = start;
    this.#partitionOf = partitionOf;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Of the events' data. */
  get bytes(): number {
    return this.#bytes;
  }

  push(entry: FeedEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  /** What is written together: all that there is, within the bounds of a batch. It stays in the queue. */
  nextBatch(): readonly FeedEntry[] {
    const { batchEventsMax, batchBytesMax } = limits.projections;
    const first = this.#entries[0];
    const single = first !== undefined && first.recorded.position <= this.#oneByOneTo;
    const countMax = single ? 1 : Math.min(batchEventsMax, this.#entries.length);
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (count >= countMax || (count > 0 && bytes + entry.bytes > batchBytesMax)) break;
      count += 1;
      bytes += entry.bytes;
    }
    return this.#entries.slice(0, count);
  }

  /** The batch, which is the queue's beginning, is written. */
  remove(batch: readonly FeedEntry[]): void {
    this.#entries.splice(0, batch.length);
    this.#bytes -= bytesOf(batch);
  }

  /** The batch failed: its events go one by one, to find the culprit. */
  divide(batch: readonly FeedEntry[]): void {
    this.#oneByOneTo = batch[batch.length - 1]?.recorded.position ?? this.#oneByOneTo;
  }

  /** Drops whatever is of one partition. */
  dropPartition(partition: number): void {
    this.#entries = this.#entries.filter((queued) => this.#partitionOf(queued) !== partition);
    this.#bytes = bytesOf(this.#entries);
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }

  /** When the first event of each of so many partitions was decided, ms. */
  oldest(partitions: number): ReadonlyMap<number, number> {
    const oldest = new Map<number, number>();
    for (const entry of this.#entries) {
      const partition = this.#partitionOf(entry);
      if (!oldest.has(partition)) oldest.set(partition, entry.recorded.metadata.timeMs);
      if (oldest.size === partitions) break;
    }
    return oldest;
  }
}

function bytesOf(entries: readonly FeedEntry[]): number {
  return entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
}
