import type { EventLog, Position, RecordedEvent } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { isFarBeyond, type LogRange, readAfter } from '../log-range.ts';

/** What to read. Coarse: who gets the events has to look at each again. */
export interface ReadPlan {
  /** One stream alone. */
  readonly stream?: string;
  readonly prefixes?: readonly string[];
  readonly range: LogRange;
}

/**
 * The events of a plan in order, up to the log's end as of now or up to `head`. One stream is read as such, and
 * may go beyond `head`. Throws as the log's reads do.
 */
export async function* readEvents(
  log: EventLog,
  { stream, prefixes, range }: ReadPlan,
  head?: Position,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const end = range.until?.kind === 'position' ? range.until.position : undefined;
  const until = head === undefined || (end !== undefined && end < head) ? end : head;
  const events =
    stream === undefined
      ? log.readAll({
          after: readAfter(range),
          ...(until !== undefined && { until }),
          ...(prefixes && { streamPrefixes: prefixes }),
        })
      : log.readStream(stream);
  for await (const event of events) {
    if (isFarBeyond(range, event)) return;
    yield event;
  }
}

export interface FollowOptions {
  readonly runtime: Runtime;
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
  /** Called when everything that was there has been handed out. */
  readonly onLive: () => void;
}

/**
 * The events of a plan in order: first those that are there, then, from a subscription that outlives broken
 * connections, those that come. Ends when the range does. A range that ends at a time ends when the clock is past
 * it by what clocks may differ, and everything up to then has been read.
 *
 * Throws as the log's reads do until it is live.
 */
export async function* followEvents(
  log: EventLog,
  plan: ReadPlan,
  { runtime, signal, onLive }: FollowOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const { range, prefixes } = plan;
  const { until } = range;
  const isTimeUp = (): boolean =>
    until?.kind === 'time' && runtime.clock.nowMs() >= until.timeMs + limits.cli.clockSlackMs;
  const isPastEnd = (): boolean => until?.kind === 'position' && last >= until.position;

  const wasTimeUp = isTimeUp();
  let last = await log.head();
  for await (const event of readEvents(log, plan, last)) {
    if (signal.aborted) return;
    if (event.position > last) last = event.position;
    yield event;
  }
  if (wasTimeUp || isPastEnd() || signal.aborted) return;
  onLive();

  // Up to a position every event is looked at, wanted or not: one that is not may be the one at the end.
  const filter = prefixes && until?.kind !== 'position' ? { streamPrefixes: prefixes } : {};
  const subscription = log.subscribe({ after: last, ...filter });
  const close = (): void => void subscription.close();
  signal.addEventListener('abort', close, { once: true });
  const endWatch =
    until?.kind === 'time'
      ? runtime.timers.every(limits.cli.followEndPollMs, () => {
          if (isTimeUp()) close();
        })
      : undefined;
  try {
    for await (const item of subscription) {
      if (item.kind === 'caught-up') continue;
      last = item.kind === 'event' ? item.event.position : item.position;
      if (item.kind === 'event') {
        if (isFarBeyond(range, item.event)) return;
        yield item.event;
      }
      if (isPastEnd()) return;
    }
  } finally {
    endWatch?.cancel();
    signal.removeEventListener('abort', close);
    await subscription.close();
  }
  if (signal.aborted) return;
  // The time is up, and the subscription may not have got to what had happened by then.
  for await (const event of log.readAll({ after: last, ...filter })) {
    if (isFarBeyond(range, event)) return;
    yield event;
  }
}
