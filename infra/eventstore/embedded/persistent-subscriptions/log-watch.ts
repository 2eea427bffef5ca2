import { limits } from '../../../../src/config/limits.ts';
import { type EventStore, StoreUnavailable } from '../storage/event-store.ts';
import { linkStreamsFor } from '../storage/system-streams.ts';
import { ALL_STREAM } from './group-name.ts';

/**
 * Wakes the groups whose source got something. One look at each event that is written, by all groups together:
 * with hundreds of groups that wait, looking at each one's source after every commit would cost more than the
 * commit.
 */
export class LogWatch {
  readonly #store: EventStore;
  readonly #waiters = new Map<string, Set<() => void>>();
  /** Events up to here were looked at. */
  #seen = 0;
  #isWatching = false;
  #closed: StoreUnavailable | undefined;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /**
   * Resolves when a source (a stream, or, undefined, the whole log) may have got something after the position
   * `seen`, and when `signal` aborts. Throws `StoreUnavailable` when the store is closed.
   */
  async moved(stream: string | undefined, seen: number, signal: AbortSignal): Promise<void> {
    if (this.#store.lastPosition > seen || signal.aborted) return;
    const source = stream ?? ALL_STREAM;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters.get(source) ?? new Set();
    this.#waiters.set(source, waiters.add(resolve));
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (!this.#isWatching) void this.#watch(seen);
    await promise;
    signal.removeEventListener('abort', stop);
    waiters.delete(resolve);
    if (waiters.size === 0 && this.#waiters.get(source) === waiters) this.#waiters.delete(source);
    if (this.#closed !== undefined) throw this.#closed;
  }

  async #watch(seen: number): Promise<void> {
    this.#isWatching = true;
    this.#seen = seen;
    const forEver = new AbortController().signal;
    try {
      while (this.#waiters.size > 0) {
        await this.#store.moved(this.#seen, forEver);
        this.#look();
      }
    } catch (error) {
      // An event that cannot be read is the business of whoever reads that source.
      if (error instanceof StoreUnavailable) this.#closed = error;
      this.#wakeAll();
    } finally {
      this.#isWatching = false;
    }
  }

  #look(): void {
    const { lastPosition } = this.#store;
    const isMuch = lastPosition - this.#seen > limits.eventNode.scanSliceEvents;
    if (isMuch) this.#wakeAll();
    for (let position = this.#seen + 1; position <= lastPosition && !isMuch; position++) {
      const record = this.#store.record(position);
      if (record === undefined) continue;
      const stream = record.stream();
      this.#wake(stream);
      for (const links of linkStreamsFor(stream, record.type())) this.#wake(links);
    }
    if (lastPosition > this.#seen) this.#wake(ALL_STREAM);
    this.#seen = lastPosition;
  }

  #wake(source: string): void {
    for (const wake of this.#waiters.get(source) ?? []) wake();
    this.#waiters.delete(source);
  }

  #wakeAll(): void {
    for (const source of [...this.#waiters.keys()]) this.#wake(source);
  }
}
