import type { Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { limiter } from '../limiter.ts';
import type { EventBatch } from './event-batch.ts';
import type { CopyTarget } from './shadow-copy.ts';
import { writeOrName } from './write-or-name.ts';

/** How far a copy may read ahead, and whom it tells. */
export interface WriteLanesOptions {
  /** About so many bytes of events may wait to be written, in all lanes together; one batch always may. */
  readonly aheadBytesMax: number;
  /** Is told, in order, of every batch that all have: how many events it had, and up to where the log is copied. */
  readonly copied: (events: number, upTo: Position) => void;
}

/**
 * Writes batches into several shadows, each in order and as fast as it can: one that has much to write does not hold up
 * those that have little, nor the reader, until too much waits.
 */
export class WriteLanes {
  readonly #options: WriteLanesOptions;
  readonly #lanes: readonly { readonly target: CopyTarget; last: Promise<unknown> }[];
  readonly #limited = limiter(limits.projections.rebuildWritersMax);
  /** Batches that not all have yet, the oldest first. */
  readonly #waiting: { readonly bytes: number; readonly written: Promise<void> }[] = [];
  #waitingBytes = 0;
  #stopped = false;
  #failed: Promise<void> | undefined;

  constructor(targets: readonly CopyTarget[], options: WriteLanesOptions) {
    this.#lanes = targets.map((target) => ({ target, last: Promise.resolve() }));
    this.#options = options;
  }

  /** Hands a batch to all lanes as soon as there is room for it. Throws the error of an earlier one. */
  async push(batch: EventBatch, upTo: Position): Promise<void> {
    const { count, bytes } = batch;
    await this.#failed;
    while (this.#waitingBytes + bytes > this.#options.aheadBytesMax && this.#waiting.length > 0) {
      await this.#waiting[0]?.written;
    }
    const before = this.#waiting.at(-1)?.written;
    const writes = this.#lanes.map((lane) => {
      const write = lane.last.then(() => this.#limited(() => this.#write(lane.target, batch, upTo)));
      lane.last = write;
      return write;
    });
    const written = Promise.all([before, ...writes]).then(() => {
      this.#waiting.shift();
      this.#waitingBytes -= bytes;
      this.#options.copied(count, upTo);
    });
    // Whoever awaits it next gets the error; until then it must not count as unhandled.
    written.catch(() => {
      this.#failed ??= written;
    });
    this.#waiting.push({ bytes, written });
    this.#waitingBytes += bytes;
  }

  /** Resolves when everything is written. Throws the error of a write. */
  async written(): Promise<void> {
    await this.#waiting.at(-1)?.written;
  }

  /** Begins no other write, and resolves when none is under way. Never throws. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#lanes.map(({ last }) => last));
  }

  async #write(target: CopyTarget, batch: EventBatch, upTo: Position): Promise<void> {
    if (this.#stopped) return;
    await writeOrName(target, batch.of(target.projection.streamPrefixes), upTo);
  }
}
