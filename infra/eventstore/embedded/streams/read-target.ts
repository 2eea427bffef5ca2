import type { Clock, Runtime } from '../../../../src/runtime/runtime.ts';
import type { ChunkWriter } from '../grpc/chunk-writer.ts';
import { type EventSequence, logSequence, streamSequence } from '../storage/event-sequence.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { FilterTurns } from './filter-turns.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { isLink, linkTarget } from '../storage/links.ts';
import type { ReadPlan } from './read-request.ts';
import type { ResolvedEvent } from './read-responses.ts';
import type { StoredRecord } from '../storage/stored-record.ts';

/** What a read goes over. */
export function sequenceOf(
  store: EventStore,
  { stream }: Pick<ReadPlan, 'stream'>,
  clock: Clock,
): EventSequence {
  return stream === undefined ? logSequence(store) : streamSequence(store, stream, clock);
}

/** A read or subscription that is being served. */
export interface Reading {
  readonly call: GrpcCall;
  readonly output: ChunkWriter;
  readonly store: EventStore;
  readonly runtime: Runtime;
  /** Shares out the time that filters may take of each turn of the event loop. */
  readonly turns: FilterTurns;
  readonly plan: ReadPlan;
  readonly resolve: LinkResolver;
}

/** What a read answers for an event that it found. */
export type LinkResolver = (record: StoredRecord) => ResolvedEvent;

/**
 * How a read answers an event: as it is, or, if it asked for that, a link with what it stands for. A link does not
 * open what its reader may not read: it is answered like one whose event is gone.
 */
export function linkResolver(
  store: EventStore,
  { resolveLinks }: Pick<ReadPlan, 'resolveLinks'>,
  clock: Clock,
  mayRead: (stream: string) => boolean,
): LinkResolver {
  if (!resolveLinks) return (event) => ({ event });
  return (record) => {
    if (!isLink(record)) return { event: record };
    const target = linkTarget(store, clock, record);
    return { event: target !== undefined && mayRead(target.stream()) ? target : undefined, link: record };
  };
}
