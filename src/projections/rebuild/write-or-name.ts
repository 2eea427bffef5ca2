import type { Position } from '../../commands/event-log.ts';
import { CheckpointMoved } from '../checkpoints.ts';
import type { ProjectedEvent } from '../projected-event.ts';
import { poisonFailure } from '../projection-failure.ts';
import { isTransient } from '../../runtime/sql-errors.ts';
import { EventCannotBeRebuilt } from './rebuild-errors.ts';
import type { CopyTarget } from './shadow-copy.ts';

/**
 * Writes a batch. When an event of it cannot be folded or written, throws `EventCannotBeRebuilt` with that event. What
 * another event is not the cause of (a lost connection, an abort) is thrown as it is.
 */
export async function writeOrName(
  target: CopyTarget,
  events: readonly ProjectedEvent[],
  upTo: Position,
): Promise<void> {
  try {
    await target.write(events, upTo);
  } catch (error) {
    if (error instanceof CheckpointMoved || isTransient(error)) throw error;
    await nameCulprit(target, events);
    throw error;
  }
}

/**
 * Writes the batch by halves until one event is left that fails alone. The shadow is lost anyway: what is written on the
 * way does not matter. Returns when there is no such event.
 */
async function nameCulprit(target: CopyTarget, batch: readonly ProjectedEvent[]): Promise<void> {
  let suspects = batch.filter((event) => target.takes(event));
  for (;;) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    const last = half.at(-1);
    if (last === undefined) return;
    try {
      await target.write(half, last.position);
      suspects = suspects.slice(half.length);
    } catch (error) {
      if (error instanceof CheckpointMoved || isTransient(error)) throw error;
      if (half.length === 1) {
        throw new EventCannotBeRebuilt(target.projection.name, poisonFailure(error, last), { cause: error });
      }
      suspects = half;
    }
  }
}
