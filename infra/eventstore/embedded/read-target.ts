import type { Clock } from '../../../src/runtime/runtime.ts';
import { type EventSequence, logSequence, streamSequence } from './event-sequence.ts';
import type { EventStore } from './event-store.ts';
import { isLink, linkTarget } from './links.ts';
import type { ReadPlan } from './read-request.ts';
import type { ResolvedEvent } from './read-responses.ts';
import type { StoredRecord } from './stored-record.ts';

/** What a read goes over. */
export function sequenceOf(
  store: EventStore,
  { stream }: Pick<ReadPlan, 'stream'>,
  clock: Clock,
): EventSequence {
  return stream === undefined ? logSequence(store) : streamSequence(store, stream, clock);
}

/** How a read answers an event: as it is, or, if it asked for that, a link with what it stands for. */
export function linkResolver(
  store: EventStore,
  { resolveLinks }: Pick<ReadPlan, 'resolveLinks'>,
  clock: Clock,
): (record: StoredRecord) => ResolvedEvent {
  if (!resolveLinks) return (event) => ({ event });
  return (record) =>
    isLink(record) ? { event: linkTarget(store, clock, record), link: record } : { event: record };
}
