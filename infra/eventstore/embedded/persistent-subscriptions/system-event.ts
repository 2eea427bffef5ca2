import type { EventStore } from '../storage/event-store.ts';
import type { ProposedEvent } from '../storage/stored-record.ts';
import { METADATA_TYPE, metastreamOf } from '../storage/system-streams.ts';

/** An event that the node itself writes. */
export function jsonEvent(id: string, type: string, data: unknown): ProposedEvent {
  return {
    id,
    type,
    contentType: 'application/json',
    data: Buffer.from(JSON.stringify(data)),
    metadata: new Uint8Array(),
  };
}

/**
 * Appends events that the node itself writes, whatever the stream holds. Throws `StoreUnavailable`, and an error
 * when somebody ended the stream for good.
 */
export async function appendOwn(
  store: EventStore,
  stream: string,
  events: readonly ProposedEvent[],
): Promise<void> {
  const outcome = await store.append(stream, { kind: 'any' }, events);
  if (outcome.kind !== 'appended') throw new Error(`nothing can be written to ${stream}: ${outcome.kind}`);
}

/** Sets what a stream shows: at most its last `maxCount` events, those before `truncateBefore` left aside. */
export function setTruncation(
  store: EventStore,
  stream: string,
  id: string,
  { maxCount, truncateBefore }: { maxCount?: number; truncateBefore?: number },
): Promise<void> {
  const metadata = {
    ...(maxCount !== undefined && { $maxCount: maxCount }),
    ...(truncateBefore !== undefined && { $tb: truncateBefore }),
  };
  return appendOwn(store, metastreamOf(stream), [jsonEvent(id, METADATA_TYPE, metadata)]);
}
