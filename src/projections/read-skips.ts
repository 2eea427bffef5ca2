import type { EventLog, RecordedEvent } from '../commands/event-log.ts';
import { evolveSkips, noSkips, placeOf, type Skips } from '../domain/projection-skips.ts';
import { streams } from '../domain/streams.ts';
import { toProjected } from './projected-event.ts';

/** The events that a projection leaves out, as the log says now. Throws `EventLogUnavailable`. */
export async function readSkips(log: EventLog, projection: string): Promise<Skips> {
  let skips = noSkips;
  for await (const recorded of log.readStream(streams.projection(projection))) {
    const event = toProjected(recorded);
    if (event.type === 'EventSkipped' || event.type === 'SkipUndone') skips = evolveSkips(skips, event);
  }
  return skips;
}

/** Whether an event is left out. */
export function isSkipped(skips: Skips, event: Pick<RecordedEvent, 'stream' | 'revision'>): boolean {
  return skips.size > 0 && skips.has(placeOf(event));
}

/** Whether the same events are left out. */
export function areSameSkips(one: Skips, other: Skips): boolean {
  return one.size === other.size && [...one.keys()].every((place) => other.has(place));
}
