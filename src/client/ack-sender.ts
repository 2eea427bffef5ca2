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
 */
export class AckSender {
  readonly #runtime: Runtime;
  readonly #send: (request: Takes<'ack'>) => Promise<unknown>;
  /** Not yet sent, or to be sent again. */
  readonly #waiting = new Map<ConversationId, Cursors>();
  #timer: TimerHandle | undefined;
  #stopped = false;

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

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #advance(conversationId: ConversationId, { delivered, read }: Cursors): void {
    if (this.#stopped) return;
    const known = this.#waiting.get(conversationId);
    this.#waiting.set(conversationId, {
      delivered: Math.max(delivered, known?.delivered ?? 0),
      read: Math.max(read, known?.read ?? 0),
    });
    this.#timer ??= this.#runtime.timers.after(limits.client.ackWindowMs, () => this.#flush());
  }

  #flush(): void {
    this.#timer = undefined;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, bounds.ackCursorsPerRequest);
      for (const [conversationId] of batch) this.#waiting.delete(conversationId);
      const cursors = batch.map(([conversationId, { delivered, read }]) => ({
        conversationId,
        delivered,
        read,
      }));
      this.#send({ cursors }).catch((error: unknown) => {
        // Refused for good: the conversation is not this user's any more.
        if (!(error instanceof ClientError) || !error.temporary) return;
        for (const [conversationId, one] of batch) this.#advance(conversationId, one);
      });
    }
  }
}
