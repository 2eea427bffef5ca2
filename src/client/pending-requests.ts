import { limits } from '../config/limits.ts';
import type { ErrorCode } from '../domain/error-codes.ts';
import type { ClientFrame, ReplyFrame } from '../protocol/frames.ts';
import type { Answers, Takes, WireRequestType } from '../protocol/requests.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';
import type { Accepted, RequestOptions } from './api.ts';
import { ClientError } from './client-error.ts';
import { firstRequestId } from './server-connection.ts';

interface Pending {
  /** The frame without its id, which is a new one for every sending. */
  readonly frame: Omit<Extract<ClientFrame, { commandId: string }>, 'id' | 'retry'>;
  readonly resolve: (accepted: Accepted<WireRequestType>) => void;
  readonly reject: (error: ClientError) => void;
  readonly deadline: TimerHandle;
  /** How often it was sent. */
  sent: number;
  retryTimer: TimerHandle | undefined;
}

/** Refusals after which the same command id is worth another try. */
const retried: ReadonlySet<ErrorCode> = new Set(['busy', 'rate-limited', 'unavailable', 'unknown-outcome']);

/**
 * Commands that have no answer yet. Each keeps its command id over all tries, so that it takes effect once,
 * however often connection and server fail in between; a try after the first says so.
 *
 *     queued ──connected, room──► sent ──accepted or refused──► done
 *        ▲                         │
 *        └──connection lost, busy, unknown outcome (after a delay)
 *
 * `timeoutMs` bounds all of it.
 */
export class PendingRequests {
  readonly #runtime: Runtime;
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #sent = new Map<number, Pending>();
  #queued: Pending[] = [];
  /** Those that wait for their delay. */
  readonly #delayed = new Set<Pending>();
  #nextId = firstRequestId;

  constructor(runtime: Runtime, send: (frame: ClientFrame) => boolean) {
    this.#runtime = runtime;
    this.#send = send;
  }

  request<Type extends WireRequestType>(
    type: Type,
    data: Takes<Type>,
    options: RequestOptions = {},
  ): Promise<Accepted<Type>> {
    const waiting = this.#sent.size + this.#queued.length + this.#delayed.size;
    if (waiting >= limits.client.pendingRequestsMax) {
      const message = 'Too many commands wait for their answers.';
      return Promise.reject(new ClientError({ code: 'busy', message, temporary: true }));
    }
    const commandId = options.commandId ?? this.#runtime.ids.next();
    if (isTooLarge({ type, commandId, data })) {
      // The gateway would end the connection over it, and with it what others wait for.
      const message = 'The command is larger than the server takes.';
      return Promise.reject(new ClientError({ code: 'too-large', message, temporary: false }));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        frame: { type, commandId, data } as Pending['frame'],
        resolve: (accepted) => resolve({ ...accepted, data: accepted.data as Answers<Type> }),
        reject,
        deadline: this.#runtime.timers.after(options.timeoutMs ?? limits.client.requestMs, () =>
          this.#expire(pending),
        ),
        sent: 0,
        retryTimer: undefined,
      };
      this.#queued.push(pending);
      this.flush();
    });
  }

  /** Sends what is queued, in order, as far as connection and bounds allow. */
  flush(): void {
    while (this.#sent.size < limits.client.requestsInFlightMax) {
      const [pending] = this.#queued;
      if (pending === undefined) return;
      const id = this.#nextId;
      const retry = pending.sent > 0 ? { retry: true } : {};
      if (!this.#send({ ...pending.frame, id, ...retry } as ClientFrame)) return;
      this.#queued.shift();
      this.#nextId += 1;
      pending.sent += 1;
      this.#sent.set(id, pending);
    }
  }

  receive(reply: ReplyFrame): void {
    const pending = reply.id === null ? undefined : this.#sent.get(reply.id);
    if (reply.id === null || pending === undefined) return;
    this.#sent.delete(reply.id);
    if (reply.ok) {
      this.#finish(pending);
      pending.resolve({ data: reply.data as Answers<WireRequestType>, position: reply.position ?? '0' });
    } else if (retried.has(reply.error.code)) {
      this.#retryLater(pending, reply.error.retryAfterMs);
    } else {
      this.#finish(pending);
      pending.reject(new ClientError(reply.error));
    }
    this.flush();
  }

  /** The connection is gone: what was sent goes first when there is a new one. */
  connectionLost(): void {
    this.#queued = [...this.#sent.values(), ...this.#queued];
    this.#sent.clear();
  }

  /** Nothing will be answered any more. */
  rejectAll(message: string): void {
    const all = [...this.#sent.values(), ...this.#queued, ...this.#delayed];
    this.#sent.clear();
    this.#queued = [];
    this.#delayed.clear();
    for (const pending of all) {
      this.#finish(pending);
      pending.reject(new ClientError({ code: 'closed', message, temporary: false }));
    }
  }

  #retryLater(pending: Pending, afterMs: number | undefined): void {
    const { retryDelayMsMin, retryDelayMsMax } = limits.client;
    const ownMs = backoffMs(pending.sent - 1, retryDelayMsMin, retryDelayMsMax, this.#runtime.random);
    this.#delayed.add(pending);
    pending.retryTimer = this.#runtime.timers.after(Math.max(ownMs, afterMs ?? 0), () => {
      this.#delayed.delete(pending);
      this.#queued.push(pending);
      this.flush();
    });
  }

  #expire(pending: Pending): void {
    for (const [id, one] of this.#sent) if (one === pending) this.#sent.delete(id);
    this.#queued = this.#queued.filter((one) => one !== pending);
    this.#delayed.delete(pending);
    this.#finish(pending);
    // Once it was sent, only the command id can tell whether it took effect.
    const error =
      pending.sent > 0
        ? { code: 'unknown-outcome' as const, message: 'There was no answer in time.' }
        : { code: 'network' as const, message: 'There was no connection in time.' };
    pending.reject(new ClientError({ ...error, temporary: true }));
    this.flush();
  }

  #finish(pending: Pending): void {
    pending.deadline.cancel();
    pending.retryTimer?.cancel();
  }
}

/** Whether the frame, with its id and the mark of a retry, is more than a message of the protocol may hold. */
function isTooLarge(frame: { readonly type: string; readonly commandId: string; readonly data: unknown }) {
  const text = JSON.stringify({ ...frame, id: Number.MAX_SAFE_INTEGER, retry: true });
  return new TextEncoder().encode(text).byteLength > limits.gateway.socketMessageBytesMax;
}
