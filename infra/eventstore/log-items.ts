import type { Position, SubscriptionItem } from '../../src/commands/event-log.ts';
import { subscriptionRequest } from './read-request.ts';
import { type ReadContext, resumedRead } from './resumed-read.ts';

export interface LogItemsOptions {
  /** Strictly after this position. */
  readonly after: Position;
  readonly streamPrefixes: readonly string[] | undefined;
  /** See `ResumedReadOptions`. */
  readonly patienceMs: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The log as a subscription delivers it, in order: positions only grow, over broken calls too. Items are made when
 * the consumer asks for the next one, so there is no queue of ours in which a checkpoint could overtake an event, or
 * which could grow: order and bounds are those of the call's stream. Ends when the signal aborts.
 */
export async function* logItems(
  context: ReadContext,
  { after, streamPrefixes, patienceMs, signal }: LogItemsOptions,
): AsyncGenerator<SubscriptionItem, void, undefined> {
  let handedOut = after;
  const request = () => subscriptionRequest(handedOut, streamPrefixes);
  for await (const answer of resumedRead(context, { request, patienceMs, endless: true, signal })) {
    switch (answer.kind) {
      case 'event':
        // A store that reads from a position inclusive repeats the last event.
        if (answer.event.position <= handedOut) break;
        handedOut = answer.event.position;
        yield answer;
        break;
      case 'checkpoint':
        // One right behind an event says nothing new; one behind the start would be a step back.
        if (answer.position <= handedOut) break;
        handedOut = answer.position;
        yield answer;
        break;
      case 'caught-up':
        yield answer;
        break;
      case 'other':
        break;
    }
  }
}
