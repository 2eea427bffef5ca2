import type { Clock } from '../../../../src/runtime/runtime.ts';
import { type EventFilter, isShown } from '../streams/event-filter.ts';
import type { FilterTurns } from '../streams/filter-turns.ts';
import { type EventSequence, SequenceScan } from '../storage/event-sequence.ts';
import type { EventStore } from '../storage/event-store.ts';
import { linkResolver, sequenceOf } from '../streams/read-target.ts';
import type { ResolvedEvent } from '../streams/read-responses.ts';
import { recordId, type StoredRecord } from '../storage/stored-record.ts';
import { type GroupName, isOwnStreamOfAll } from './group-name.ts';
import type { NewMessage } from './group-message.ts';
import type { GroupSettings } from './group-settings.ts';
import { messageBucket } from './message-bucket.ts';

/** What a group finds next in its source. */
export type Found =
  | { readonly kind: 'event'; readonly message: NewMessage }
  /** An event that is not for the group. `counts` as progress, or not even that. */
  | { readonly kind: 'passed'; readonly index: number; readonly counts: boolean };

export interface SourceOptions {
  readonly name: GroupName;
  readonly settings: Pick<GroupSettings, 'resolveLinks' | 'strategy'>;
  readonly filter: EventFilter | undefined;
  /** Shares out the time that filters may take of each turn of the event loop. */
  readonly turns: FilterTurns;
}

/** The events of a stream, or of the log, that a group delivers, from a place on. */
export class GroupSource {
  readonly #options: SourceOptions;
  readonly #sequence: EventSequence;
  readonly #resolve: (record: StoredRecord) => ResolvedEvent;
  readonly #scan: SequenceScan;
  #atEnd = false;

  constructor(store: EventStore, clock: Clock, options: SourceOptions, firstIndex: number) {
    this.#options = options;
    this.#sequence = sequenceOf(store, options.name, clock);
    this.#resolve = linkResolver(store, options.settings, clock, anyStream);
    this.#scan = new SequenceScan(this.#sequence, firstIndex, 1);
  }

  /**
   * The next up to `count` events, passed ones included; fewer when there are no more. One call at a time. Throws
   * `RecordCorrupt`.
   */
  async read(count: number): Promise<Found[]> {
    // Most wakes are about other streams: that nothing came behind the end is seen at one glance.
    if (this.#atEnd && this.#sequence.at(this.#scan.index) === undefined) return [];
    const window = this.#sequence.window();
    const found: Found[] = [];
    while (found.length < count && window.status === 'present') {
      const record = this.#scan.next(window);
      if (record === undefined) break;
      const index = this.#scan.index - 1;
      const judged = record === 'hidden' ? passed(index, true) : this.#judge(index, record);
      found.push(judged instanceof Promise ? await judged : judged);
    }
    this.#atEnd = found.length < count;
    if (this.#atEnd) this.#scan.index = Math.max(this.#scan.index, window.last + 1);
    return found;
  }

  /** Whether there is something that was not read yet, the group's or not. */
  get isBehind(): boolean {
    return this.#scan.index <= this.#sequence.window().last;
  }

  /** The index of the newest event there is. */
  get lastIndex(): number {
    return this.#sequence.window().last;
  }

  /** The event at an index, as clients get it; undefined when it cannot be read any more. */
  at(index: number): ResolvedEvent | undefined {
    const record = this.#sequence.at(index);
    return record === undefined ? undefined : this.#resolve(record);
  }

  /** A promise when the filter has to wait for its turn. */
  #judge(index: number, record: StoredRecord): Found | Promise<Found> {
    const { name, filter, turns } = this.#options;
    if (name.stream === undefined && isOwnStreamOfAll(record.stream())) return passed(index, false);
    const found = (shown: boolean): Found => (shown ? this.#found(index, record) : passed(index, true));
    const shown = isShown(record, filter, turns);
    return typeof shown === 'boolean' ? found(shown) : shown.then(found);
  }

  #found(index: number, record: StoredRecord): Found {
    const { settings } = this.#options;
    const needsBucket = settings.strategy === 'Pinned' || settings.strategy === 'PinnedByCorrelation';
    const bucket = needsBucket ? messageBucket(settings.strategy, this.#resolve(record)) : 0;
    return { kind: 'event', message: { id: recordId(record), index, bucket } };
  }
}

const passed = (index: number, counts: boolean): Found => ({ kind: 'passed', index, counts });

/** Whoever made the group has decided what its links open: only operators may make one. */
const anyStream = (): boolean => true;
