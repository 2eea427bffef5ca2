import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type EventFilter, parseFilter } from './event-filter.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseStreamName, parseU64 } from './proposal.ts';

/** Where a read begins: an end of the sequence, or an index (position or revision) in it. */
export type ReadFrom = 'start' | 'end' | number;

/** A `Read` request, checked. */
export interface ReadPlan {
  /** Undefined: the whole log. */
  readonly stream: string | undefined;
  readonly from: ReadFrom;
  readonly direction: 'forwards' | 'backwards';
  /** Undefined: a subscription, which has no end. */
  readonly count: number | undefined;
  readonly filter: EventFilter | undefined;
  /** Links are answered together with what they stand for. */
  readonly resolveLinks: boolean;
  readonly uuidForm: 'string' | 'structured';
  /** A read of a stream ends with where the stream ends; clients that understand that ask for it. */
  readonly tellsPositions: boolean;
}

/** Throws `GrpcError` for a request that is incomplete or contradicts itself. */
export function parseReadRequest(request: streams.ReadReq): ReadPlan {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('a read needs options');
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const subscription = options.hasSubscription();
  if (subscription && backwards) throw invalidArgument('a subscription goes forwards');
  if (!subscription && !options.hasCount()) throw invalidArgument('a read has a count or is a subscription');
  const filter = options.getFilter();
  const target = parseTarget(options);
  if (filter !== undefined && target.stream !== undefined) {
    throw invalidArgument('only reads of the whole log have a filter');
  }
  return {
    ...target,
    direction: backwards ? 'backwards' : 'forwards',
    // A count may be any u64; what JavaScript cannot hold exactly is beyond any log.
    count: subscription ? undefined : Math.min(Number(options.getCount()), Number.MAX_SAFE_INTEGER),
    filter: filter === undefined ? undefined : parseFilter(filter),
    resolveLinks: options.getResolveLinks(),
    uuidForm: options.getUuidOption()?.hasString() ? 'string' : 'structured',
    tellsPositions: (options.getControlOption()?.getCompatibility() ?? 0) >= 1,
  };
}

function parseTarget(options: streams.ReadReq.Options): Pick<ReadPlan, 'stream' | 'from'> {
  const stream = options.getStream();
  if (stream !== undefined) {
    const name = parseStreamName(stream.getStreamIdentifier());
    if (stream.hasRevision()) return { stream: name, from: parseU64(stream.getRevision(), 'the revision') };
    return { stream: name, from: stream.hasEnd() ? 'end' : 'start' };
  }
  const all = options.getAll();
  if (all === undefined) throw invalidArgument('a read is of a stream or of the whole log');
  const position = all.getPosition();
  if (position !== undefined) {
    return { stream: undefined, from: parseU64(position.getCommitPosition(), 'the position') };
  }
  return { stream: undefined, from: all.hasEnd() ? 'end' : 'start' };
}
