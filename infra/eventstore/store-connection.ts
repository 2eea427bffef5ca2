/**
 * The published client, as far as this adapter uses it: connection strings, TLS, credentials, discovery of a
 * cluster's leader, and reconnecting. The calls themselves are driven over the client's generated messages
 * (batch-appender.ts, read-call.ts), because its own append and subscription code
 *
 * - keeps every in-flight append of the process in one module-global bank that one transport error empties,
 *   and throws inside a data handler, which ends the process, when an answer comes after that;
 * - hands checkpoints to a callback that overtakes the events still in its buffer;
 * - has no filter for reads, only for subscriptions;
 * - closes the shared channel when a caller cancels a read.
 *
 * What is needed of the client for that is `protected`; TypeScript's element access reaches it, typed.
 */
import type { Readable } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { limits } from '../../src/config/limits.ts';
import { clientFor } from './connection-url.ts';

type Streams = InstanceType<typeof StreamsClient>;
type CallArguments = ReturnType<EventStoreDBClient['callArguments']>;

/** What a call is started with. */
export type StreamsCall<Request> = [client: Streams, request: Request, ...CallArguments];

/** A call that has been opened. Its errors have a listener from the start, so none can end the process. */
export interface OpenCall<Call> {
  readonly call: Call;
  /** Ends the call from this side. */
  cancel(): void;
  /** Tells the connection that the call failed, so that the next one goes over a new channel if need be. */
  failed(error: Error): void;
}

interface Cancellable extends Readable {
  cancel(): void;
}

export class StoreConnection {
  readonly #client: EventStoreDBClient;
  #streams: Streams | undefined;
  #closed = false;

  /** `url` is a connection string. Throws as `clientFor` does. Connects on the first call. */
  constructor(url: string) {
    this.#client = clientFor(withOneDiscoveryRound(url));
  }

  /**
   * Opens a call without a deadline of its own. Rejects when no node can be found, and at once when the signal
   * aborts: finding a cluster's node may take as long as its members keep silent.
   */
  async open<Call extends Cancellable>(
    start: (streams: Streams, ...rest: CallArguments) => Call,
    signal: AbortSignal,
  ): Promise<OpenCall<Call>> {
    const streams = await unlessAborted(this.#find(), signal);
    // biome-ignore lint/complexity/useLiteralKeys: protected; only element access is allowed from here.
    const rest = this.#client['callArguments']({}, { deadline: Number.POSITIVE_INFINITY });
    const call = start(streams, ...rest);
    call.on('error', ignore);
    return {
      call,
      cancel: () => call.cancel(),
      failed: (error) => {
        // biome-ignore lint/complexity/useLiteralKeys: protected; only element access is allowed from here.
        this.#client['handleError'](streams, error).catch(ignore);
      },
    };
  }

  /** Closes the channel; open calls must have been cancelled. A search under way ends by itself, unheard. */
  close(): void {
    this.#closed = true;
    this.#streams?.close();
  }

  async #find(): Promise<Streams> {
    // biome-ignore lint/complexity/useLiteralKeys: protected; only element access is allowed from here.
    const streams = await this.#client['execute'](StreamsClient, 'streams', async (client) => client);
    this.#streams = streams;
    if (this.#closed) streams.close();
    return streams;
  }
}

/** Whoever drives the call has listeners of its own; this one is for what comes after they are gone. */
const ignore = (): void => {};

/**
 * The client asks a cluster's members for its leader, by default in ten rounds of several seconds, and cannot be
 * stopped. Since every caller here tries again by itself, one round is enough, and what a close leaves behind is short.
 */
function withOneDiscoveryRound(url: string): string {
  if (/[?&]max_?-?discover/i.test(url)) return url;
  const trimmed = url.trim().replace(/\/+$/, '');
  return `${trimmed}${trimmed.includes('?') ? '&' : '?'}maxDiscoverAttempts=${limits.eventLog.discoverRounds}`;
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
