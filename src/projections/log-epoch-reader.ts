import type { EventLog } from '../commands/event-log.ts';
import { streams } from '../domain/streams.ts';
import { toProjected } from './projected-event.ts';

/** The epoch of a log that has not begun one: a test's, or one that is just being set up. */
export const noEpoch = '';

/** The name of the log's present history. Throws `EventLogUnavailable`. */
export async function readLogEpoch(log: EventLog): Promise<string> {
  for await (const recorded of log.readStream(streams.logEpoch, { direction: 'backwards', maxCount: 1 })) {
    const event = toProjected(recorded);
    if (event.type === 'EpochBegun') return event.data.epoch;
  }
  return noEpoch;
}
