import type {
  Position,
  SubscribeOptions,
  Subscription,
  SubscriptionItem,
} from '../../src/commands/event-log.ts';
import { decodeEvent } from './encoding.ts';
import { subscriptionRequest } from './read-request.ts';
import { type ReadContext, resumedRead } from './resumed-read.ts';

/**
 * A live subscription to the log:
 *
 *     reading --call broke--> waiting --backoff--> reading from after the last item handed out
 *        \----------------------close()---------------------/--> closed
 *
 * Items are made when the consumer asks for the next one, so there is no queue of ours in which a checkpoint
 * could overtake an event, or which could grow: order and bounds are those of the call's stream.
 */
export class LogSubscription implements Subscription {
  readonly #closing = new AbortController();
  readonly #items: AsyncGenerator<SubscriptionItem, void, undefined>;

  constructor(context: ReadContext, options: SubscribeOptions, onClose: () => void) {
    const signal = AbortSignal.any([this.#closing.signal, context.closed]);
    this.#items = items(context, options, signal, onClose);
  }

  /** One iteration per subscription: a second consumer would take items away from the first. */
  [Symbol.asyncIterator](): AsyncIterator<SubscriptionItem, void, undefined> {
    return this.#items;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#items.return();
  }
}

async function* items(
  context: ReadContext,
  { after, streamPrefixes }: SubscribeOptions,
  signal: AbortSignal,
  onClose: () => void,
): AsyncGenerator<SubscriptionItem, void, undefined> {
  let handedOut: Position = after;
  const request = () => subscriptionRequest(handedOut, streamPrefixes);
  try {
    for await (const message of resumedRead(context, { request, patienceMs: undefined, signal })) {
      const recorded = message.getEvent()?.getEvent();
      const checkpoint = message.getCheckpoint();
      if (recorded !== undefined) {
        const event = decodeEvent(recorded);
        if (event.position <= handedOut) continue;
        handedOut = event.position;
        yield { kind: 'event', event };
      } else if (checkpoint !== undefined) {
        const position = BigInt(checkpoint.getCommitPosition());
        // One right behind an event says nothing new; one behind the start would be a step back.
        if (position <= handedOut) continue;
        handedOut = position;
        yield { kind: 'checkpoint', position };
      } else if (message.hasCaughtUp()) {
        yield { kind: 'caught-up' };
      }
    }
  } finally {
    onClose();
  }
}
