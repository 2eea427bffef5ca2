/**
 * The port to the event store: the only thing that the rest of the system knows of it.
 *
 * Glossary. A *stream* is a named, ordered list of events; an event's *revision* is its index in its stream,
 * from 0. The *log* is all streams merged in commit order; an event's *position* is its place there. Positions
 * grow but are not dense. A *checkpoint* is a position up to which a reader has processed everything.
 */
import type { EventMetadata } from '../domain/events.ts';

/** A place in the log. Comparable; `START` is before the first event. */
export type Position = bigint;

/** Before the first event. An event never has this position. */
export const START: Position = -1n;

/** What the writer believes the stream's last revision to be. */
export type ExpectedRevision = number | 'no-stream' | 'any';

/** An event as it goes into the log. */
export interface NewEvent {
  /** UUID. The store treats an append whose ids it already has as the same append. */
  readonly id: string;
  readonly type: string;
  /** JSON-serialisable. */
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** An event as the log holds it. */
export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

export type AppendResult =
  /** The events are durable. `revision` and `position` are the last event's. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: Position }
  /** Nothing was written: the stream is at `currentRevision` (-1: it does not exist). */
  | { readonly kind: 'conflict'; readonly currentRevision: number }
  /** Whether the events were written could not be found out within the deadline. */
  | { readonly kind: 'unknown'; readonly cause: string };

export interface ReadStreamOptions {
  /** First revision to read, inclusive. Default: 0 forwards, the end backwards. */
  readonly from?: number;
  readonly direction?: 'forwards' | 'backwards';
  /** At most this many events. Default: no limit. */
  readonly maxCount?: number;
}

export interface ReadAllOptions {
  /** Read strictly after this position. Default: `START`. */
  readonly after?: Position;
  /** Stop after the event at this position (inclusive). Default: the log's end when the read began. */
  readonly until?: Position;
  /** Only streams whose name begins with one of these. Default: every stream that is not a system stream. */
  readonly streamPrefixes?: readonly string[];
}

export interface SubscribeOptions {
  /** Deliver strictly after this position. */
  readonly after: Position;
  readonly streamPrefixes?: readonly string[];
}

/**
 * One item of a subscription, in log order. `checkpoint` says that everything up to `position` has been
 * delivered (it moves filtered subscriptions over what they skipped); `caught-up` that the reader has reached
 * the log's end, and carries the position where that was known.
 */
export type SubscriptionItem =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  | { readonly kind: 'checkpoint'; readonly position: Position }
  | { readonly kind: 'caught-up' };

/**
 * A live subscription: an endless ordered iteration. It reconnects and resumes after the last item it handed
 * out, by itself, until `close` is called; its buffer is bounded, and a slow consumer slows the source.
 */
export interface Subscription extends AsyncIterable<SubscriptionItem> {
  close(): Promise<void>;
}

export interface EventLog {
  /**
   * Appends all events to one stream, atomically. Rejects only for what can never succeed (too large, a bug);
   * an unreachable store is `unknown` after the deadline.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** A stream's events; nothing for a stream that does not exist. Throws `EventLogUnavailable`. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;
  /** The log's events in order. Throws `EventLogUnavailable`. */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;
  subscribe(options: SubscribeOptions): Subscription;
  /** The position of the newest event, or `START`. Throws `EventLogUnavailable`. */
  head(): Promise<Position>;
  close(): Promise<void>;
}

/** The event store did not answer within its deadline. Temporary: the caller may try again. */
export class EventLogUnavailable extends Error {
  override readonly name = 'EventLogUnavailable';
}
