import type { Position, SubscriptionItem } from '../../src/commands/event-log.ts';
import { decodeEvent } from './encoding.ts';
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
  for await (const message of resumedRead(context, { request, patienceMs, endless: true, signal })) {
    const recorded = message.getEvent()?.getEvent();
    const checkpoint = message.getCheckpoint();
    if (recorded !== undefined) {
      const event = decodeEvent(recorded);
      // A store that reads from a position inclusive repeats the last event.
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
}
