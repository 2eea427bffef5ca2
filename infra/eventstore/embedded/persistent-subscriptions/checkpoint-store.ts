import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../storage/event-store.ts';
import { streamStatus } from '../storage/stream-state.ts';
import { checkpointStreamOf, type GroupName } from './group-name.ts';
import { lastEventJson } from './last-event.ts';
import { parsePosition, positionText } from './source-position.ts';
import { appendOwn, jsonEvent, setTruncation } from './system-event.ts';

const CHECKPOINT_TYPE = '$SubscriptionCheckpoint';
/** As EventStoreDB keeps them: the newest, and the one before. */
const CHECKPOINTS_KEPT = 2;

/** The place that a group resumes from: the last event of a stream of its own. */
export class CheckpointStore {
  readonly #store: EventStore;
  readonly #runtime: Runtime;
  readonly #name: GroupName;
  readonly #stream: string;

  constructor(store: EventStore, runtime: Runtime, name: GroupName) {
    this.#store = store;
    this.#runtime = runtime;
    this.#name = name;
    this.#stream = checkpointStreamOf(name);
  }

  /** The index of the last event that needs no delivery any more; undefined when none was written. */
  read(): number | undefined {
    return parsePosition(this.#name, lastEventJson(this.#store, this.#stream, this.#runtime.clock));
  }

  /** Resolves when it is synced. Throws `StoreUnavailable`. */
  async write(index: number): Promise<void> {
    const { ids } = this.#runtime;
    const { lastRevision, metadata } = this.#store.stream(this.#stream);
    if (metadata.maxCount !== CHECKPOINTS_KEPT) {
      // What a group of this name left behind when it was deleted stays deleted.
      const kept = { maxCount: CHECKPOINTS_KEPT, truncateBefore: lastRevision + 1 };
      await setTruncation(this.#store, this.#stream, ids.next(), kept);
    }
    const checkpoint = jsonEvent(ids.next(), CHECKPOINT_TYPE, positionText(this.#name, index));
    await appendOwn(this.#store, this.#stream, [checkpoint]);
  }

  /** Forgets it. Throws `StoreUnavailable`. */
  async delete(): Promise<void> {
    if (streamStatus(this.#store.stream(this.#stream)) !== 'present') return;
    await this.#store.delete(this.#stream, { kind: 'any' });
  }
}
