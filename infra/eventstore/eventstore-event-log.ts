import type { Logger } from 'pino';
import {
  type AppendResult,
  type EventLog,
  EventLogError,
  EventLogUnavailable,
  type ExpectedRevision,
  type NewEvent,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type SubscribeOptions,
  type Subscription,
} from '../../src/commands/event-log.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { BatchAppender } from './batch-appender.ts';
import { readHead, readLog, readStream } from './reads.ts';
import type { ReadContext } from './resumed-read.ts';
import { StoreConnection } from './store-connection.ts';
import { LogSubscription } from './subscription.ts';

export interface EventStoreEventLogOptions {
  /** A connection string: `esdb://host:port?tls=false` for the embedded node, `esdb+discover://...` for a cluster. */
  readonly url: string;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/**
 * The event log on EventStoreDB, KurrentDB or the embedded node. Connects on first use.
 * Throws for a connection string that makes no sense.
 */
export function createEventStoreEventLog(options: EventStoreEventLogOptions): EventLog {
  return new EventStoreEventLog(options);
}

class EventStoreEventLog implements EventLog {
  readonly #connection: StoreConnection;
  readonly #context: ReadContext;
  readonly #appender: BatchAppender;
  readonly #closing = new AbortController();
  readonly #subscriptions = new Set<LogSubscription>();

  constructor({ url, runtime, logger }: EventStoreEventLogOptions) {
    this.#connection = new StoreConnection(url);
    this.#context = { connection: this.#connection, runtime, logger, closed: this.#closing.signal };
    this.#appender = new BatchAppender(this.#connection, runtime, logger);
  }

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.#assertOpen();
    const reply = await this.#appender.append(stream, expected, events);
    switch (reply.kind) {
      case 'conflict':
        return reply;
      case 'unclear':
        return { kind: 'unknown', cause: reply.cause };
      case 'appended':
        return reply.position === undefined
          ? this.#locate(stream, reply.revision)
          : { kind: 'appended', revision: reply.revision, position: reply.position };
    }
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    this.#assertOpen();
    return readStream(this.#context, stream, options);
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    this.#assertOpen();
    return readLog(this.#context, options);
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.#assertOpen();
    const subscription = new LogSubscription(this.#context, options, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async head(): Promise<Position> {
    this.#assertOpen();
    return readHead(this.#context);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await Promise.all([this.#appender.close(), ...[...this.#subscriptions].map((each) => each.close())]);
    this.#connection.close();
  }

  /** A resent append is answered without its place in the log by some servers; its last event knows it. */
  async #locate(stream: string, revision: number): Promise<AppendResult> {
    try {
      for await (const event of readStream(this.#context, stream, { from: revision, maxCount: 1 })) {
        return { kind: 'appended', revision, position: event.position };
      }
      return { kind: 'unknown', cause: 'the event just appended is not found' };
    } catch (error) {
      if (!(error instanceof EventLogError)) throw error;
      return { kind: 'unknown', cause: error.message };
    }
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new EventLogUnavailable('the event log is closed');
  }
}
