import type { EventLog } from '../../commands/event-log.ts';
import { areSameSkips, readSkips } from '../read-skips.ts';
import { OtherSkips } from './rebuild-errors.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/**
 * What was skipped, or is skipped no more, since the shadow was made may be in its rows, or lack in them: throws
 * `OtherSkips` then.
 */
export async function refuseOtherSkips(
  log: EventLog,
  { projection: { name }, skips }: ShadowWriter,
): Promise<void> {
  if (areSameSkips(skips, await readSkips(log, name))) return;
  throw new OtherSkips(
    `An operator has decided anew which events ${name} skips while it was being rebuilt. Run: hongbao projections rebuild ${name}`,
  );
}
