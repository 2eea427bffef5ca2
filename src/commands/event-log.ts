/**
 * The port to the event store: the only thing that the rest of the system knows of it.
 *
 * Glossary. A *stream* is a named, ordered list of events; an event's *revision* is its index in its stream,
 * from 0. The *log* is all streams merged in commit order; an event's *position* is its place there. Positions
 * grow but are not dense. A *checkpoint* is a position up to which a reader has processed everything.
 */
import type { ErrorCode } from '../domain/error-codes.ts';
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
 * out, by itself, until `close` is called; its buffer is bounded, and a slow consumer slows the source. It never
 * throws: what a read would throw it logs, and tries again with growing delays, since an operator may put it right.
 */
export interface Subscription extends AsyncIterable<SubscriptionItem> {
  close(): Promise<void>;
}

/**
 * What the store says, or does not say, and what becomes of it. `code` is that of the registry
 * (src/domain/error-codes.ts) with which a client's request ends that came to it.
 *
 * | the store | append | read, head | subscription | code |
 * |---|---|---|---|---|
 * | is not there, silent, busy, restarting, not the leader, or fails in a way not listed here | sent again; `unknown` after the deadline | tried again; `EventLogUnavailable` after the deadline | resumes | `unknown-outcome`, `unavailable` |
 * | refuses the credentials, the right, or the kind of call | `EventLogRefused` | `EventLogRefused` | logs, resumes | `internal` |
 * | finds the request wrong | `AppendRejected` | `EventLogRefused` | logs, resumes | `internal` |
 * | finds a stored event damaged | - | `EventLogDamaged` | logs, resumes | `internal` |
 * | has ended the stream for good | `StreamDeleted` | `StreamDeleted` | - | `not-found` |
 * | has another revision than expected | `conflict` | - | - | the command decides again |
 * | finds the append too large | `AppendRejected` | - | - | `too-large` |
 * | is closed on this side | `EventLogUnavailable` | `EventLogUnavailable` | ends | `unavailable` |
 */
export interface EventLog {
  /**
   * Appends all events to one stream, atomically. An unreachable store is `unknown` after the deadline. Throws
   * only when nothing was written: `AppendRejected`, `StreamDeleted`, `EventLogRefused`.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** A stream's events; nothing for a stream that does not exist. Throws as the table says. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;
  /** The log's events in order, however few of them match. Throws as the table says. */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;
  subscribe(options: SubscribeOptions): Subscription;
  /** The position of the newest event, or `START`. Throws as the table says. */
  head(): Promise<Position>;
  /**
   * Ends subscriptions and reads at once, waits for appends under way (at most their deadline), and leaves
   * nothing behind that keeps a process alive. What is asked of it afterwards throws `EventLogUnavailable`.
   */
  close(): Promise<void>;
}

/** What the event log throws. */
export abstract class EventLogError extends Error {
  /** What a client is told whose request met it. */
  abstract readonly code: ErrorCode;
}

/** The event store did not answer within its deadline. Temporary: the caller may try again. */
export class EventLogUnavailable extends EventLogError {
  override readonly name = 'EventLogUnavailable';
  readonly code = 'unavailable';
}

/** The store will not serve such a call from us: wrong credentials, a missing right, or it knows no such call. */
export class EventLogRefused extends EventLogError {
  override readonly name = 'EventLogRefused';
  readonly code = 'internal';
}

/** The store found an event that is not what was written. What comes before it has been handed out. */
export class EventLogDamaged extends EventLogError {
  override readonly name = 'EventLogDamaged';
  readonly code = 'internal';
}

/** The stream was ended for good by an operator: it has no events, and never will have. */
export class StreamDeleted extends EventLogError {
  override readonly name = 'StreamDeleted';
  readonly code = 'not-found';
}

/** An append that can never succeed as it is: no events, too many, too large, or not to the store's liking. */
export class AppendRejected extends EventLogError {
  override readonly name = 'AppendRejected';
  readonly code: 'too-large' | 'internal';

  constructor(message: string, code: 'too-large' | 'internal' = 'internal', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
