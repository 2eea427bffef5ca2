import type { EventStore } from './event-store.ts';
import type { StoredRecord } from './stored-record.ts';

/** The log, or one stream, as a growing numbered row of events. There may be gaps. */
export interface EventSequence {
  readonly first: number;
  /** The index of the newest event as of now; below `first` when there is none. */
  last(): number;
  at(index: number): StoredRecord | undefined;
}

/** The whole log, by position. */
export function logSequence(store: EventStore): EventSequence {
  return { first: 1, last: () => store.lastPosition, at: (position) => store.record(position) };
}

/** One stream, by revision. It need not exist yet. */
export function streamSequence(store: EventStore, stream: string): EventSequence {
  const at = store.streamReader(stream);
  return { first: 0, last: () => store.streamRevision(stream), at };
}
