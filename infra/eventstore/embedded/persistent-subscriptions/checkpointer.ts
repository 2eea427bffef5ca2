import { limits } from '../../../../src/config/limits.ts';
import { checkpointDueInMs } from './checkpoint-rule.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Progress } from './group-message.ts';
import type { GroupSettings } from './group-settings.ts';

/** Decides when a group's progress is written, and writes it: one write at a time. Times are monotonic. */
export class Checkpointer {
  readonly #store: Pick<CheckpointStore, 'write'>;
  readonly #rule: GroupSettings;
  /** Of the last write: undefined when there was none, in this life of the node or an earlier one. */
  #index: number | undefined;
  #events = 0;
  #atMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #isWriting = false;

  /** `index`: the checkpoint that is stored. */
  constructor(store: Pick<CheckpointStore, 'write'>, rule: GroupSettings, index: number | undefined) {
    this.#store = store;
    this.#rule = rule;
    this.#index = index;
  }

  get index(): number | undefined {
    return this.#index;
  }

  /** How long the progress may wait: 0 when it is to be written now, `Infinity` when only more of it counts. */
  dueInMs({ events }: Progress, nowMs: number): number {
    if (this.#isWriting) return Number.POSITIVE_INFINITY;
    const dueInMs = checkpointDueInMs(this.#rule, events - this.#events, nowMs - this.#atMs);
    return Math.max(dueInMs, this.#notBeforeMs - nowMs);
  }

  /** Whether there is something to write, due or not, and nothing speaks against it. */
  mayWrite({ events }: Progress, nowMs: number): boolean {
    return !this.#isWriting && events > this.#events && nowMs >= this.#notBeforeMs;
  }

  /** Writes the progress. Never rejects: what could not be written is tried again after a while. */
  async write({ index, events }: Progress, nowMs: number): Promise<void> {
    this.#isWriting = true;
    try {
      await this.#store.write(index);
      this.#index = index;
      this.#events = events;
      this.#atMs = nowMs;
    } catch {
      // Until then a restart would deliver more than it must, and nothing less.
      this.#notBeforeMs = nowMs + limits.eventNode.groupCheckpointRetryMs;
    } finally {
      this.#isWriting = false;
    }
  }
}
