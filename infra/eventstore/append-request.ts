import streams from '@eventstore/db-client/generated/streams_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { AppendRejected, type ExpectedRevision, type NewEvent } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { encodeEvent, eventBytes, streamIdentifier, uuid } from './encoding.ts';

/**
 * Encodes an append once; every try sends these very bytes, with the same correlation id, event ids and
 * expected revision, which is what makes sending again harmless and a late answer to an earlier try as good
 * as one to the last. Throws `AppendRejected`.
 */
export function encodeAppend(
  correlationId: string,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): streams.BatchAppendReq {
  const { appendBytesMax, appendEventsMax } = limits.eventLog;
  if (events.length === 0) throw new AppendRejected(`an append to ${stream} has no events`);
  if (events.length > appendEventsMax) {
    throw new AppendRejected(
      `an append to ${stream} has ${events.length} events; at most ${appendEventsMax} go`,
      'too-large',
    );
  }
  const messages = events.map(encodeEvent);
  const bytes = messages.reduce((sum, message) => sum + eventBytes(message), 0);
  if (bytes > appendBytesMax) {
    throw new AppendRejected(
      `an append to ${stream} has ${bytes} bytes; at most ${appendBytesMax} go`,
      'too-large',
    );
  }
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(streamIdentifier(stream));
  // No deadline: it would be a wall-clock time, and a store whose clock is ahead would refuse everything.
  if (expected === 'any') options.setAny(new emptyPb.Empty());
  else if (expected === 'no-stream') options.setNoStream(new emptyPb.Empty());
  else options.setStreamPosition(String(expected));
  return new streams.BatchAppendReq()
    .setCorrelationId(uuid(correlationId))
    .setOptions(options)
    .setProposedMessagesList(messages)
    .setIsFinal(true);
}
