/**
 * One Read call as an ordered, back-pressured iteration of its messages. The messages are taken from the
 * call's own stream one by one, never ahead of the consumer: what it does not take stays in the stream's
 * bounded buffer, then in the HTTP/2 window, then with the store.
 */
import { UnavailableError } from '@eventstore/db-client';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Timers } from '../../src/runtime/runtime.ts';
import { decodeReadAnswer, type ReadAnswer } from './read-answer.ts';
import type { OpenCall, StoreConnection, StreamsCall } from './store-connection.ts';

type Call = ReturnType<typeof startRead>;

export interface ReadCallOptions {
  readonly connection: StoreConnection;
  readonly timers: Timers;
  readonly request: streams.ReadReq;
  /** Give up when nothing comes for so long while the consumer waits. Undefined: wait for ever. */
  readonly idleMs: number | undefined;
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
}

/** Nothing came in time. */
export class ReadIdle extends Error {
  override readonly name = 'ReadIdle';
}

/** Throws the call's error, or `ReadIdle`. The call is over when the iteration is, however that ends. */
export async function* readCall(options: ReadCallOptions): AsyncGenerator<ReadAnswer, void, undefined> {
  const { signal } = options;
  if (signal.aborted) return;
  const { call, cancel, failed } = await open(options);
  const state = watch(call, signal);
  try {
    for (;;) {
      const message = state.aborted() ? null : call.read();
      if (message !== null) {
        yield message;
        continue;
      }
      if (state.over()) break;
      await state.changed(options.timers, options.idleMs);
    }
    const error = state.error();
    if (error === undefined || state.aborted()) return;
    failed(error);
    throw error;
  } catch (error) {
    if (error instanceof ReadIdle) failed(new UnavailableError(undefined, error.message));
    throw error;
  } finally {
    state.stop();
    cancel();
  }
}

/** Opening may take as long as finding the node does: it counts towards the same patience. */
async function open({
  connection,
  timers,
  request,
  idleMs,
  signal,
}: ReadCallOptions): Promise<OpenCall<Call>> {
  const opening = connection.open<Call>(
    (client, metadata, callOptions) => startRead(client, request, metadata, callOptions),
    signal,
  );
  if (idleMs === undefined) return opening;
  const late = Promise.withResolvers<never>();
  const timer = timers.after(idleMs, () =>
    late.reject(new ReadIdle(`no node was found within ${idleMs} ms`)),
  );
  try {
    return await Promise.race([opening, late.promise]);
  } catch (error) {
    opening.then(
      ({ cancel }) => cancel(),
      () => {},
    );
    throw error;
  } finally {
    timer.cancel();
  }
}

/** The generated client's `read`, with a decoder of our own. */
function startRead(...[client, request, metadata, options]: StreamsCall<streams.ReadReq>) {
  const { path, requestSerialize } = StreamsService.read;
  return client.makeServerStreamRequest(path, requestSerialize, decodeReadAnswer, request, metadata, options);
}

interface CallState {
  aborted(): boolean;
  /** No more messages will come. */
  over(): boolean;
  error(): Error | undefined;
  stop(): void;
  /** Resolves when there may be something new. Throws `ReadIdle`. */
  changed(timers: Timers, idleMs: number | undefined): Promise<void>;
}

function watch(call: Call, signal: AbortSignal): CallState {
  let error: Error | undefined;
  let ended = false;
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  call.on('readable', wake);
  call.on('end', () => {
    ended = true;
    wake();
  });
  call.on('error', (reason: Error) => {
    error = reason;
    wake();
  });
  // Cancelled right here: a consumer that has stopped asking would leave the call, and its connection, open.
  const abort = (): void => {
    call.cancel();
    wake();
  };
  signal.addEventListener('abort', abort, { once: true });
  return {
    aborted: () => signal.aborted,
    over: () => ended || error !== undefined || signal.aborted,
    error: () => error,
    stop: () => signal.removeEventListener('abort', abort),
    async changed(timers, idleMs) {
      const timer =
        idleMs === undefined
          ? undefined
          : timers.after(idleMs, () =>
              news.reject(new ReadIdle(`the event store sent nothing for ${idleMs} ms`)),
            );
      try {
        await news.promise;
      } finally {
        timer?.cancel();
        news = Promise.withResolvers<void>();
      }
    },
  };
}
