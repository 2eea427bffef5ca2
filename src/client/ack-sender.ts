import { limits } from '../config/limits.ts';
import type { ConversationId } from '../domain/ids.ts';
import { bounds } from '../protocol/bounds.ts';
import type { Takes } from '../protocol/requests.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';
import { ClientError } from './client-error.ts';

interface Cursors {
  delivered: number;
  read: number;
}

/**
 * Gathers how far this client has received and its user has read, and sends it now and then: cursors are
 * cumulative, so that one frame stands for any number of messages. What could not be sent is sent again.
 *
 *     gathering ──start()──► sending ──pause()──► gathering       any ──stop()──► stopped
 *
 * The server refuses a frame as a whole. One that it refuses for good is halved until the cursors that it does not
 * take (of a group that the user was removed from meanwhile) stand alone: only those are dropped.
 */
export class AckSender {
  readonly #runtime: Runtime;
  readonly #send: (request: Takes<'ack'>) => Promise<unknown>;
  /** Not yet sent, or to be sent again. */
  readonly #waiting = new Map<ConversationId, Cursors>();
  #timer: TimerHandle | undefined;
  #state: 'gathering' | 'sending' | 'stopped' = 'gathering';

  constructor(runtime: Runtime, send: (request: Takes<'ack'>) => Promise<unknown>) {
    this.#runtime = runtime;
    this.#send = send;
  }

  delivered(conversationId: ConversationId, seq: number): void {
    this.#advance(conversationId, { delivered: seq, read: 0 });
  }

  /** What was read was received too. */
  read(conversationId: ConversationId, seq: number): void {
    this.#advance(conversationId, { delivered: seq, read: seq });
  }

  /** There is a connection: what has been gathered goes out. */
  start(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'sending';
    this.#sendSoon();
  }

  /** There is no connection: what comes meanwhile is kept. */
  pause(): void {
    if (this.#state === 'sending') this.#state = 'gathering';
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Forgets everything, for good. */
  stop(): void {
    this.pause();
    this.#state = 'stopped';
    this.#waiting.clear();
  }

  #advance(conversationId: ConversationId, { delivered, read }: Cursors): void {
    if (this.#state === 'stopped') return;
    const known = this.#waiting.get(conversationId);
    this.#waiting.set(conversationId, {
      delivered: Math.max(delivered, known?.delivered ?? 0),
      read: Math.max(read, known?.read ?? 0),
    });
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#state !== 'sending' || this.#waiting.size === 0) return;
    this.#timer ??= this.#runtime.timers.after(limits.client.ackWindowMs, () => this.#flush());
  }

  #flush(): void {
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (let from = 0; from < waiting.length; from += bounds.ackCursorsPerRequest) {
      void this.#sendBatch(waiting.slice(from, from + bounds.ackCursorsPerRequest));
    }
  }

  /** Takes at most twice as many requests as there are cursors. */
  async #sendBatch(batch: readonly (readonly [ConversationId, Cursors])[]): Promise<void> {
    const cursors = batch.map(([conversationId, one]) => ({ conversationId, ...one }));
    try {
      await this.#send({ cursors });
    } catch (error) {
      if (!isRefused(error)) {
        for (const [conversationId, one] of batch) this.#advance(conversationId, one);
      } else if (batch.length > 1 && this.#state !== 'stopped') {
        const half = Math.ceil(batch.length / 2);
        await Promise.all([this.#sendBatch(batch.slice(0, half)), this.#sendBatch(batch.slice(half))]);
      }
    }
  }
}

/** By the server, and for good. `closed` only means that this client has let go of its connection. */
function isRefused(error: unknown): boolean {
  return !(error instanceof ClientError) || (!error.temporary && error.code !== 'closed');
}
