/**
 * The event log in memory, for deterministic tests of what is written on top of it. It passes the same contract
 * as the real one, and can be told to fail where the real one can:
 *
 *     const log = new InMemoryEventLog();
 *     log.faults.push({ at: 'after-append', stream: 'wallet-1', kind: 'crash' });
 */
import {
  decideAppend,
  type Expected,
  type StreamView,
} from '../../infra/eventstore/embedded/storage/append-decision.ts';
import {
  AppendRejected,
  type AppendResult,
  type EventLog,
  EventLogUnavailable,
  type ExpectedRevision,
  type NewEvent,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionItem,
} from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';

/** Thrown out of `append` by a `crash` fault: the process "died" there. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

/** What goes wrong with one append, once. `before-append`: nothing is written. `after-append`: all of it is. */
export interface Fault {
  readonly at: 'before-append' | 'after-append';
  /** `conflict` is for `before-append`: it answers as if another writer had been faster. */
  readonly kind: 'crash' | 'unknown' | 'conflict';
  /** The append it hits: the next one to this stream; undefined: the next one. */
  readonly stream?: string;
  /** How many matching appends pass unharmed first. Default 0. */
  readonly skip?: number;
}

export class InMemoryEventLog implements EventLog {
  /** Faults that are still to happen; one is taken away when it does. */
  readonly faults: Fault[] = [];
  /** Every append that reached the log, in order, faults included. */
  readonly appends: { stream: string; expected: ExpectedRevision; events: readonly NewEvent[] }[] = [];
  readonly #log: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #subscriptions = new Set<InMemorySubscription>();
  #closed = false;

  /** All events, in log order. */
  get events(): readonly RecordedEvent[] {
    return this.#log;
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.#assertOpen();
    if (events.length === 0) throw new AppendRejected(`an append to ${stream} has no events`);
    // What the caller does to its objects afterwards, or to what it reads, must not reach the log.
    const copies = copiesWithinBounds(stream, events);
    this.appends.push({ stream, expected, events: copies });
    const before = this.#takeFault('before-append', stream);
    if (before !== undefined) return this.#fail(before, stream);
    const result = this.#append(stream, expected, copies);
    const after = this.#takeFault('after-append', stream);
    return after === undefined ? result : this.#fail(after, stream);
  }

  async *readStream(
    stream: string,
    { direction = 'forwards', from, maxCount = Number.POSITIVE_INFINITY }: ReadStreamOptions = {},
  ): AsyncGenerator<RecordedEvent, void, undefined> {
    this.#assertOpen();
    const all = [...(this.#streams.get(stream) ?? [])];
    const forwards = direction === 'forwards';
    const inRange = all.filter(({ revision }) =>
      forwards ? revision >= (from ?? 0) : revision <= (from ?? Number.POSITIVE_INFINITY),
    );
    if (!forwards) inRange.reverse();
    for (const event of inRange.slice(0, Math.max(0, maxCount))) {
      this.#assertOpen();
      yield jsonCopy(event);
    }
  }

  async *readAll({
    after = START,
    until,
    streamPrefixes,
  }: ReadAllOptions = {}): AsyncGenerator<RecordedEvent, void, undefined> {
    this.#assertOpen();
    const last = until ?? this.#head();
    for (const event of [...this.#log]) {
      this.#assertOpen();
      if (event.position > after && event.position <= last && matches(event.stream, streamPrefixes)) {
        yield jsonCopy(event);
      }
    }
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.#assertOpen();
    const subscription = new InMemorySubscription(this.#log, options, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async head(): Promise<Position> {
    this.#assertOpen();
    return this.#head();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  #append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): AppendResult {
    const recorded = this.#streams.get(stream) ?? [];
    const ids = events.map((event) => event.id);
    const decision = decideAppend(viewOf(recorded), expectedOf(expected), ids);
    if (decision.kind === 'wrong-expected-version') {
      return { kind: 'conflict', currentRevision: recorded.length - 1 };
    }
    if (decision.kind === 'already-written') return appendedAt(recorded[decision.lastRevision]);
    for (const event of events) {
      // Gaps, since positions need not be dense and code that counts on it should fail here.
      const position = this.#head() + (this.#log.length % 3 === 0 ? 5n : 2n);
      const record = { ...event, stream, revision: recorded.length, position };
      recorded.push(record);
      this.#log.push(record);
    }
    this.#streams.set(stream, recorded);
    for (const subscription of this.#subscriptions) subscription.wake();
    return appendedAt(recorded.at(-1));
  }

  #takeFault(at: Fault['at'], stream: string): Fault | undefined {
    const index = this.faults.findIndex(
      (fault) => fault.at === at && (fault.stream === undefined || fault.stream === stream),
    );
    const fault = this.faults[index];
    if (fault === undefined) return undefined;
    const skip = fault.skip ?? 0;
    if (skip > 0) {
      this.faults[index] = { ...fault, skip: skip - 1 };
      return undefined;
    }
    this.faults.splice(index, 1);
    return fault;
  }

  #fail(fault: Fault, stream: string): AppendResult {
    switch (fault.kind) {
      case 'crash':
        throw new SimulatedCrash(`crashed ${fault.at} to ${stream}`);
      case 'unknown':
        return { kind: 'unknown', cause: `a fault ${fault.at}` };
      case 'conflict':
        return { kind: 'conflict', currentRevision: (this.#streams.get(stream)?.length ?? 0) - 1 };
    }
  }

  #head(): Position {
    return this.#log.at(-1)?.position ?? START;
  }

  #assertOpen(): void {
    if (this.#closed) throw new EventLogUnavailable('the event log is closed');
  }
}

class InMemorySubscription implements Subscription {
  readonly #items: AsyncGenerator<SubscriptionItem, void, undefined>;
  #news = Promise.withResolvers<void>();
  #closed = false;

  constructor(log: readonly RecordedEvent[], options: SubscribeOptions, onClose: () => void) {
    this.#items = this.#run(log, options, onClose);
  }

  [Symbol.asyncIterator](): AsyncIterator<SubscriptionItem, void, undefined> {
    return this.#items;
  }

  wake(): void {
    this.#news.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#items.return();
  }

  async *#run(
    log: readonly RecordedEvent[],
    { after, streamPrefixes }: SubscribeOptions,
    onClose: () => void,
  ): AsyncGenerator<SubscriptionItem, void, undefined> {
    let index = 0;
    let caughtUp = false;
    try {
      while (!this.#closed) {
        const event = log[index];
        if (event === undefined) {
          if (!caughtUp) yield { kind: 'caught-up' };
          caughtUp = true;
          if (log[index] !== undefined || this.#closed) continue;
          this.#news = Promise.withResolvers();
          await this.#news.promise;
          continue;
        }
        index++;
        if (event.position <= after) continue;
        if (matches(event.stream, streamPrefixes)) yield { kind: 'event', event: jsonCopy(event) };
        else yield { kind: 'checkpoint', position: event.position };
      }
    } finally {
      onClose();
    }
  }
}

function matches(stream: string, prefixes: readonly string[] | undefined): boolean {
  if (prefixes === undefined) return !stream.startsWith('$');
  return prefixes.some((prefix) => stream.startsWith(prefix));
}

function viewOf(recorded: readonly RecordedEvent[]): StreamView {
  return {
    revision: recorded.length - 1,
    // The port deletes no stream and knows no metadata.
    tombstoned: false,
    softDeleted: () => false,
    hasMetadata: () => false,
    idAt: (revision) => recorded[revision]?.id,
    revisionOf: (id) => recorded.find((event) => event.id === id)?.revision,
  };
}

function expectedOf(expected: ExpectedRevision): Expected {
  return typeof expected === 'number' ? { kind: 'revision', revision: expected } : { kind: expected };
}

function appendedAt(event: RecordedEvent | undefined): AppendResult {
  if (event === undefined) throw new Error('an append has a last event');
  return { kind: 'appended', revision: event.revision, position: event.position };
}

/** Throws `AppendRejected`, as the real one does before it sends anything. */
function copiesWithinBounds(stream: string, events: readonly NewEvent[]): NewEvent[] {
  const { appendBytesMax, appendEventsMax } = limits.eventLog;
  let bytes = 0;
  const copies = events.map((event) => {
    const data = json(event.data);
    const metadata = json(event.metadata);
    bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata) + event.type.length * 2;
    return { ...event, data: JSON.parse(data), metadata: JSON.parse(metadata) };
  });
  if (bytes > appendBytesMax || events.length > appendEventsMax) {
    throw new AppendRejected(`an append to ${stream} is too large`, 'too-large');
  }
  return copies;
}

function json(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new AppendRejected('JSON cannot hold it', 'internal', { cause: error });
  }
  if (text === undefined) throw new AppendRejected('JSON cannot hold it');
  return text;
}

/** Data and metadata as they come back from JSON. */
function jsonCopy<E extends NewEvent>(event: E): E {
  return {
    ...event,
    data: JSON.parse(JSON.stringify(event.data)),
    metadata: JSON.parse(JSON.stringify(event.metadata)),
  };
}
