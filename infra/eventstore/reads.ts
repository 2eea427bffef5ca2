/** The reads that end: a stream, the log, the log's newest event. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  EventLogUnavailable,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
} from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { decodeEvent } from './encoding.ts';
import { logRequest, newestRequest, streamRequest } from './read-request.ts';
import { type ReadContext, resumedRead } from './resumed-read.ts';

/** A stream's events; nothing when there is no such stream. Throws `EventLogUnavailable`. */
export async function* readStream(
  context: ReadContext,
  stream: string,
  { direction = 'forwards', from, maxCount = Number.POSITIVE_INFINITY }: ReadStreamOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const step = direction === 'forwards' ? 1 : -1;
  let next: number | 'end' = from ?? (direction === 'forwards' ? 0 : 'end');
  let left = maxCount;
  if (left <= 0 || (next !== 'end' && next < 0)) return;
  for await (const event of events(context, () => streamRequest(stream, next, direction, left))) {
    next = event.revision + step;
    left--;
    yield event;
    if (left <= 0 || next < 0) return;
  }
}

/** The log's events after one position, up to another or to where the log ended when the read began. */
export async function* readLog(
  context: ReadContext,
  { after = START, until, streamPrefixes }: ReadAllOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const newest = await readHead(context);
  if (newest === undefined) return;
  const last = until !== undefined && until < newest.position ? until : newest.position;
  let seen = after;
  if (seen >= last) return;
  for await (const event of events(context, () => logRequest(seen, streamPrefixes))) {
    // The protocol reads from a position inclusive, the port after it.
    if (event.position <= seen) continue;
    if (event.position > last) return;
    seen = event.position;
    yield event;
    if (seen >= last) return;
  }
}

/** The newest event that is not in a system stream. Throws `EventLogUnavailable`. */
export async function readHead(context: ReadContext): Promise<RecordedEvent | undefined> {
  for await (const event of events(context, newestRequest)) return event;
  return undefined;
}

async function* events(
  context: ReadContext,
  request: () => streams.ReadReq,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const { closed } = context;
  const messages = resumedRead(context, { request, patienceMs: limits.eventLog.readIdleMs, signal: closed });
  for await (const message of messages) {
    // A link's target; without resolving links it is always `event`.
    const recorded = message.getEvent()?.getEvent();
    if (recorded !== undefined) yield decodeEvent(recorded);
  }
  // A read cut off by closing must not look like one that reached the end.
  if (closed.aborted) throw new EventLogUnavailable('the event log was closed during a read');
}
