/**
 * A read that outlives its call: when the call breaks, another begins where the last one stopped, after a
 * backoff. The caller says where, by building each call's request from what it has handed out.
 */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Logger } from 'pino';
import { EventLogUnavailable } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { backoffMs } from '../../src/runtime/backoff.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { readCall } from './read-call.ts';
import type { StoreConnection } from './store-connection.ts';

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
  /** With no message for so long, tries included, it throws `EventLogUnavailable`. Undefined: never. */
  readonly patienceMs: number | undefined;
  readonly signal: AbortSignal;
  /** Called before each further call. */
  readonly onReconnect?: () => void;
}

/** Throws `EventLogUnavailable`, and at once what another try cannot change. */
export async function* resumedRead(
  context: ReadContext,
  options: ResumedReadOptions,
): AsyncGenerator<streams.ReadResp, void, undefined> {
  const { runtime, logger, connection } = context;
  const { patienceMs, signal } = options;
  let failures = 0;
  let waitingSinceMs = runtime.clock.monotonicMs();
  while (!signal.aborted) {
    try {
      const request = options.request();
      for await (const message of readCall({
        connection,
        timers: runtime.timers,
        request,
        idleMs: patienceMs,
        signal,
      })) {
        failures = 0;
        yield message;
        waitingSinceMs = runtime.clock.monotonicMs();
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (patienceMs !== undefined && isFinal(error)) throw error;
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
      const level = patienceMs === undefined ? 'warn' : 'debug';
      logger[level]({ err: error, failures, delayMs }, 'a read of the event store broke and is resumed');
      await runtime.timers.sleep(delayMs, signal);
      options.onReconnect?.();
    }
  }
}

/** gRPC's codes for a request that is wrong in itself, or data that is damaged. */
const finalCodes = new Set([
  3 /* INVALID_ARGUMENT */, 7 /* PERMISSION_DENIED */, 12 /* UNIMPLEMENTED */, 15 /* DATA_LOSS */,
  16 /* UNAUTHENTICATED */,
]);

function isFinal(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'number' && finalCodes.has(error.code)
  );
}
