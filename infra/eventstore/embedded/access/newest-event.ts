import type { EventStore } from '../storage/event-store.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import { firstRevision, streamStatus } from '../storage/stream-state.ts';

/** The last event of a stream. Its place is known at once; reading it costs more. */
export interface NewestEvent {
  readonly revision: number;
  /** Throws `RecordCorrupt`. */
  record(): StoredRecord | undefined;
}

/** Undefined when the stream has no event, or was deleted. */
export function newestEvent(store: EventStore, stream: string): NewestEvent | undefined {
  const state = store.stream(stream);
  const revision = state.lastRevision;
  if (streamStatus(state) !== 'present' || revision < firstRevision(state)) return undefined;
  return { revision, record: () => store.streamReader(stream)(revision) };
}
