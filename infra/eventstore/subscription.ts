import type { SubscribeOptions, Subscription, SubscriptionItem } from '../../src/commands/event-log.ts';
import { logItems } from './log-items.ts';
import type { ReadContext } from './resumed-read.ts';

/**
 * A live subscription to the log:
 *
 *     reading --call broke--> waiting --backoff--> reading from after the last item handed out
 *        \----------------------close()---------------------/--> closed
 */
export class LogSubscription implements Subscription {
  readonly #closing = new AbortController();
  readonly #items: AsyncGenerator<SubscriptionItem, void, undefined>;
  readonly #onClose: () => void;

  /** `onClose` is called when the subscription is over, perhaps more than once. */
  constructor(context: ReadContext, options: SubscribeOptions, onClose: () => void) {
    this.#onClose = onClose;
    this.#items = this.#run(context, options);
  }

  /** One iteration per subscription: a second consumer would take items away from the first. */
  [Symbol.asyncIterator](): AsyncIterator<SubscriptionItem, void, undefined> {
    return this.#items;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#items.return();
    // One that nobody ever iterated over has not run at all.
    this.#onClose();
  }

  async *#run(
    context: ReadContext,
    { after, streamPrefixes }: SubscribeOptions,
  ): AsyncGenerator<SubscriptionItem, void, undefined> {
    const signal = AbortSignal.any([this.#closing.signal, context.closed]);
    try {
      yield* logItems(context, { after, streamPrefixes, patienceMs: undefined, signal });
    } finally {
      this.#onClose();
    }
  }
}
