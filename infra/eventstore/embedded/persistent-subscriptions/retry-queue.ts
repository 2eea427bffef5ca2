import type { GroupMessage } from './group-message.ts';

/**
 * What waits to be delivered again: events of the source in the source's order, and behind them those that
 * were parked, in the order of their replay.
 */
export class RetryQueue<Message extends GroupMessage> implements Iterable<Message> {
  #fromSource: Message[] = [];
  #replayed: Message[] = [];

  get size(): number {
    return this.#fromSource.length + this.#replayed.length;
  }

  add(message: Message): void {
    const queue = message.replayed ? this.#replayed : this.#fromSource;
    let at = queue.length;
    // From the end: what comes back together comes back in order.
    while (at > 0 && (queue[at - 1]?.index ?? 0) > message.index) at--;
    queue.splice(at, 0, message);
  }

  *[Symbol.iterator](): Iterator<Message> {
    yield* this.#fromSource;
    yield* this.#replayed;
  }

  /** Takes these out; `size` of them must be in. */
  remove(messages: ReadonlySet<Message>): void {
    if (messages.size === 0) return;
    const stays = (message: Message): boolean => !messages.has(message);
    this.#fromSource = this.#fromSource.filter(stays);
    this.#replayed = this.#replayed.filter(stays);
  }
}
