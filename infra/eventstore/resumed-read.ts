/**
 * A read that outlives its call: when the call breaks, another begins where the last one stopped, after a
 * backoff. The caller says where, by building each call's request from what it has handed out.
 */
import { UnavailableError } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Logger } from 'pino';
import { EventLogUnavailable } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { backoffMs } from '../../src/runtime/backoff.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { ReadAnswer } from './read-answer.ts';
import { readCall } from './read-call.ts';
import type { StoreConnection } from './store-connection.ts';
import { finalError } from './store-errors.ts';

/** What every read needs. */
export interface ReadContext {
  readonly connection: StoreConnection;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Aborts when the log is closed. */
  readonly closed: AbortSignal;
}

export interface ResumedReadOptions {
  /** The next call's request. */
  readonly request: () => streams.ReadReq;
  /** Without progress for so long, tries included, it throws `EventLogUnavailable`. Undefined: it never throws. */
  readonly patienceMs: number | undefined;
  /** The request is for a subscription: its calls have no end of their own, and one that ends has broken. */
  readonly endless: boolean;
  readonly signal: AbortSignal;
}

/** Throws `EventLogUnavailable`, and at once what another try cannot change. */
export async function* resumedRead(
  context: ReadContext,
  options: ResumedReadOptions,
): AsyncGenerator<ReadAnswer, void, undefined> {
  const { runtime, logger, connection } = context;
  const { patienceMs, signal } = options;
  let failures = 0;
  let waitingSinceMs = runtime.clock.monotonicMs();
  while (!signal.aborted) {
    try {
      const request = options.request();
      for await (const answer of readCall({
        connection,
        timers: runtime.timers,
        request,
        idleMs: patienceMs,
        signal,
      })) {
        const moves = isProgress(answer);
        if (moves) failures = 0;
        yield answer;
        if (moves) waitingSinceMs = runtime.clock.monotonicMs();
      }
      if (!options.endless || signal.aborted) return;
      throw new UnavailableError(undefined, 'the event store ended a subscription');
    } catch (error) {
      if (signal.aborted) return;
      const final = finalError(error);
      if (patienceMs !== undefined && final !== undefined) throw final;
      const delayMs = backoffMs(
        failures++,
        limits.eventLog.reconnectDelayMsMin,
        limits.eventLog.reconnectDelayMsMax,
        runtime.random,
      );
      const waitedMs = runtime.clock.monotonicMs() - waitingSinceMs;
      if (patienceMs !== undefined && waitedMs + delayMs >= patienceMs) {
        throw new EventLogUnavailable(`the event store did not answer within ${patienceMs} ms`, {
          cause: error,
        });
      }
      const level = final === undefined ? (patienceMs === undefined ? 'warn' : 'debug') : 'error';
      logger[level]({ err: error, failures, delayMs }, 'a read of the event store broke and is resumed');
      await runtime.timers.sleep(delayMs, signal);
    }
  }
}

/** A confirmation is none: a store may confirm again and again, and fail each time at the same damaged event. */
function isProgress({ kind }: ReadAnswer): boolean {
  return kind !== 'other';
}
