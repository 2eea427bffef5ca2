/** The reads that end: a stream, the log, the log's newest event. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  EventLogUnavailable,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
} from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { logItems } from './log-items.ts';
import { newestRequest, streamRequest } from './read-request.ts';
import { type ReadContext, resumedRead } from './resumed-read.ts';

/** A stream's events; nothing when there is no such stream. */
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

/**
 * The log's events after one position, up to another or to where the log ended when the read began.
 *
 * It reads as a subscription does, and stops by itself. The protocol's own read of a filtered log sends nothing
 * between two events that match, however many lie between them: in a large log nobody could tell it from a store
 * that has died. A subscription says with checkpoints how far it is.
 */
export async function* readLog(
  context: ReadContext,
  { after = START, until, streamPrefixes }: ReadAllOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const head = await readHead(context);
  const last = until !== undefined && until < head ? until : head;
  if (after >= last) return;
  const { closed } = context;
  const patienceMs = limits.eventLog.readIdleMs;
  for await (const item of logItems(context, { after, streamPrefixes, patienceMs, signal: closed })) {
    switch (item.kind) {
      case 'event':
        if (item.event.position > last) return;
        yield item.event;
        if (item.event.position === last) return;
        break;
      case 'checkpoint':
        if (item.position >= last) return;
        break;
      case 'caught-up':
        // EventStoreDB has no checkpoint for it. A node that was reconnected to may not have got that far yet.
        if ((await readHead(context)) >= last) return;
        break;
    }
  }
  assertNotClosed(closed);
}

/** The position of the newest event that is not in a system stream, or `START`. */
export async function readHead(context: ReadContext): Promise<Position> {
  for await (const event of events(context, newestRequest)) return event.position;
  return START;
}

async function* events(
  context: ReadContext,
  request: () => streams.ReadReq,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const { closed } = context;
  const patienceMs = limits.eventLog.readIdleMs;
  const answers = resumedRead(context, { request, patienceMs, endless: false, signal: closed });
  for await (const answer of answers) {
    if (answer.kind === 'event') yield answer.event;
  }
  assertNotClosed(closed);
}

/** A read cut off by closing must not look like one that reached the end. */
function assertNotClosed(closed: AbortSignal): void {
  if (closed.aborted) throw new EventLogUnavailable('the event log was closed during a read');
}
