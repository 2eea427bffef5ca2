/** The protocol's Read requests, one function per kind of read. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type Position, START } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { streamIdentifier } from './encoding.ts';

const { Options } = streams.ReadReq;

/** Every count that a log can have; the store stops at its end. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** A stream's events from `from` (inclusive). */
export function streamRequest(
  stream: string,
  from: number | 'end',
  direction: 'forwards' | 'backwards',
  count: number,
): streams.ReadReq {
  const target = new Options.StreamOptions().setStreamIdentifier(streamIdentifier(stream));
  if (from === 'end') target.setEnd(new shared.Empty());
  else target.setRevision(String(from));
  const options = baseOptions()
    .setStream(target)
    .setCount(String(Math.min(count, UNLIMITED)));
  options.setReadDirection(
    direction === 'backwards' ? Options.ReadDirection.BACKWARDS : Options.ReadDirection.FORWARDS,
  );
  return new streams.ReadReq().setOptions(options.setNoFilter(new shared.Empty()));
}

/** The newest event of a stream that is not a system stream. */
export function newestRequest(): streams.ReadReq {
  const target = new Options.AllOptions().setEnd(new shared.Empty());
  const options = baseOptions().setAll(target).setCount('1');
  options.setReadDirection(Options.ReadDirection.BACKWARDS);
  return new streams.ReadReq().setOptions(options.setFilter(streamFilter(undefined)));
}

/** Everything after `after`, for ever. */
export function subscriptionRequest(
  after: Position,
  prefixes: readonly string[] | undefined,
): streams.ReadReq {
  const options = baseOptions().setAll(logFrom(after));
  options.setSubscription(new Options.SubscriptionOptions());
  return new streams.ReadReq().setOptions(options.setFilter(streamFilter(prefixes)));
}

function baseOptions(): streams.ReadReq.Options {
  const uuidForm = new Options.UUIDOption().setString(new shared.Empty());
  return new Options().setUuidOption(uuidForm).setResolveLinks(false);
}

function logFrom(after: Position): streams.ReadReq.Options.AllOptions {
  if (after <= START) return new Options.AllOptions().setStart(new shared.Empty());
  const position = new Options.Position();
  position.setCommitPosition(after.toString());
  position.setPreparePosition(after.toString());
  return new Options.AllOptions().setPosition(position);
}

/** System streams are those whose name begins with a dollar sign. */
function streamFilter(prefixes: readonly string[] | undefined): streams.ReadReq.Options.FilterOptions {
  const expression = new Options.FilterOptions.Expression();
  if (prefixes === undefined) expression.setRegex('^[^$]');
  else expression.setPrefixList([...prefixes]);
  return new Options.FilterOptions()
    .setStreamIdentifier(expression)
    .setMax(limits.eventLog.checkpointSearchWindow)
    .setCheckpointintervalmultiplier(1);
}
