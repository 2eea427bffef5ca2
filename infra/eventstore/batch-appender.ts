/**
 * Appends over one long BatchAppend call.
 *
 * One append:
 *
 *     sent --answer--> done
 *      |  \--call broke, no answer in time, unclear answer--> waiting --delay--> sent again, byte for byte
 *      |                                                         \--late answer--> done
 *      \--deadline--> unknown
 *
 * An unclear answer (the store timed out, or does not know itself) ends a try and nothing else.
 * An answer is matched by correlation id, whichever try it answers; one that nobody waits for is dropped. The
 * call is opened when there is something to send, and opened again after it broke.
 */
import { UnavailableError } from '@eventstore/db-client';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Logger } from 'pino';
import { AppendRejected, type ExpectedRevision, type NewEvent } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { backoffMs } from '../../src/runtime/backoff.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { type AppendReply, parseAppendReply } from './append-reply.ts';
import { encodeAppend } from './append-request.ts';
import { uuidText } from './encoding.ts';
import type { OpenCall, StoreConnection } from './store-connection.ts';
import { callRefused, messageOf } from './store-errors.ts';

type BatchAppendCall = ReturnType<InstanceType<typeof StreamsClient>['batchAppend']>;

/** The answers that end an append. */
type ClearReply = Exclude<AppendReply, { kind: 'unclear' }>;
type Unclear = Extract<AppendReply, { kind: 'unclear' }>;

interface PendingAppend {
  readonly request: streams.BatchAppendReq;
  /** Settles with the store's first clear answer to any of the tries. */
  readonly reply: PromiseWithResolvers<ClearReply>;
  /** Ends the try under way, if there is one. */
  endTry: (outcome: AppendReply) => void;
}

interface LiveCall extends OpenCall<BatchAppendCall> {
  /** Monotonic time of the last sign of life. */
  heardMs: number;
  /** Whether the store has answered anything over it. */
  answered: boolean;
  /** Resolves when the socket takes more. */
  drained: PromiseWithResolvers<void>;
}

export class BatchAppender {
  readonly #connection: StoreConnection;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  readonly #pending = new Map<string, PendingAppend>();
  #opening: Promise<LiveCall> | undefined;
  #live: LiveCall | undefined;
  #idle = Promise.withResolvers<void>();
  readonly #closing = new AbortController();

  constructor(connection: StoreConnection, runtime: Runtime, logger: Logger) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /** Sends until the store answers clearly or the deadline passes (`unclear`). Throws as the port says. */
  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<Exclude<AppendReply, { kind: 'rejected' }>> {
    const correlationId = this.#runtime.ids.next();
    const request = encodeAppend(correlationId, stream, expected, events);
    const pending: PendingAppend = { request, reply: Promise.withResolvers(), endTry: () => {} };
    this.#pending.set(correlationId, pending);
    try {
      const reply = await this.#sendUntilAnswered(pending, stream);
      if (reply.kind === 'rejected') throw reply.error;
      return reply;
    } finally {
      this.#pending.delete(correlationId);
      if (this.#pending.size === 0) this.#idle.resolve();
    }
  }

  /** Waits for the appends under way, each of which has its deadline, and ends the call. */
  async close(): Promise<void> {
    if (this.#pending.size > 0) {
      this.#idle = Promise.withResolvers();
      await this.#idle.promise;
    }
    this.#closing.abort(new UnavailableError(undefined, 'the event log is closed'));
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then(
      (live) => live.cancel(),
      () => {},
    );
  }

  async #sendUntilAnswered(pending: PendingAppend, stream: string): Promise<AppendReply> {
    const { appendDeadlineMs, appendTryMs, reconnectDelayMsMin, reconnectDelayMsMax } = limits.eventLog;
    const deadlineMs = this.#runtime.clock.monotonicMs() + appendDeadlineMs;
    const leftMs = (): number => deadlineMs - this.#runtime.clock.monotonicMs();
    for (let failures = 0; ; failures++) {
      const outcome = await this.#try(pending, Math.min(appendTryMs, leftMs()));
      if (outcome.kind !== 'unclear') return believable(outcome, failures);
      const delayMs = backoffMs(failures, reconnectDelayMsMin, reconnectDelayMsMax, this.#runtime.random);
      if (delayMs >= leftMs()) return outcome;
      const { cause } = outcome;
      this.#logger.debug({ stream, cause, failures }, 'an append of unknown fate is sent again');
      const late = await this.#lateReply(pending, delayMs);
      if (late !== undefined) return believable(late, failures);
      // The wait may have taken longer than it was meant to.
      if (leftMs() <= 0) return outcome;
    }
  }

  async #try(pending: PendingAppend, tryMs: number): Promise<AppendReply> {
    const ended = Promise.withResolvers<AppendReply>();
    pending.endTry = ended.resolve;
    const sentMs = this.#runtime.clock.monotonicMs();
    const timer = this.#runtime.timers.after(tryMs, () => {
      pending.endTry(unclear(`no answer within ${Math.round(tryMs)} ms`));
      this.#dropIfSilentSince(sentMs);
    });
    try {
      this.#send(pending, ended.promise).catch((error: unknown) => ended.resolve(unclear(messageOf(error))));
      return await Promise.race([pending.reply.promise, ended.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #send(pending: PendingAppend, over: Promise<unknown>): Promise<void> {
    let done = false;
    void over.then(() => {
      done = true;
    });
    const live = await this.#liveCall();
    // All that waited wake together; the first fill the buffer again and the rest go back to waiting.
    while (live.call.writableNeedDrain && !done) await live.drained.promise;
    // Its try may have ended while it waited; the next one sends for itself.
    if (!done && this.#live === live) live.call.write(pending.request);
  }

  #liveCall(): Promise<LiveCall> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<LiveCall> {
    const opened = await this.#connection.open<BatchAppendCall>(
      (client, metadata, options) => client.batchAppend(metadata, options),
      this.#closing.signal,
    );
    const heardMs = this.#runtime.clock.monotonicMs();
    const live: LiveCall = { ...opened, heardMs, answered: false, drained: Promise.withResolvers() };
    this.#live = live;
    live.call.on('data', (response: streams.BatchAppendResp) => {
      live.heardMs = this.#runtime.clock.monotonicMs();
      live.answered = true;
      const pending = this.#pending.get(uuidText(response.getCorrelationId()));
      const reply = parseAppendReply(response);
      if (reply.kind === 'unclear') pending?.endTry(reply);
      else pending?.reply.resolve(reply);
    });
    live.call.on('drain', () => {
      live.drained.resolve();
      live.drained = Promise.withResolvers();
    });
    live.call.on('error', (error) => this.#dropped(live, error));
    live.call.on('end', () =>
      this.#dropped(live, new UnavailableError(undefined, 'the store ended the call')),
    );
    return live;
  }

  /** A call over which nothing came while an append waited is taken for dead, and its connection too. */
  #dropIfSilentSince(sinceMs: number): void {
    const live = this.#live;
    if (live === undefined || live.heardMs > sinceMs) return;
    this.#dropped(live, new UnavailableError(undefined, 'the store fell silent'));
    live.cancel();
  }

  #dropped(live: LiveCall, error: Error): void {
    if (this.#live !== live) return;
    this.#live = undefined;
    this.#opening = undefined;
    this.#logger.debug({ err: error, pending: this.#pending.size }, 'the append call broke');
    live.failed(error);
    live.drained.resolve();
    // Once it has answered anything, the store may have written what it has not answered.
    const refused = live.answered ? undefined : callRefused(error);
    const outcome: AppendReply =
      refused === undefined ? unclear(error.message) : { kind: 'rejected', error: refused };
    for (const pending of this.#pending.values()) pending.endTry(outcome);
  }

  /** The answer to an earlier try, if it comes within the delay. */
  async #lateReply(pending: PendingAppend, delayMs: number): Promise<ClearReply | undefined> {
    const waited = new AbortController();
    const delay = this.#runtime.timers.sleep(delayMs, waited.signal).then(() => undefined);
    const reply = await Promise.race([pending.reply.promise, delay]);
    waited.abort();
    return reply;
  }
}

const unclear = (cause: string): Unclear => ({ kind: 'unclear', cause });

/**
 * What an earlier try may have written, a refusal of a later one does not take back; only what is wrong with the
 * append itself was wrong with every try.
 */
function believable(reply: ClearReply, failuresBefore: number): AppendReply {
  if (reply.kind !== 'rejected' || reply.error instanceof AppendRejected || failuresBefore === 0)
    return reply;
  return unclear(reply.error.message);
}
