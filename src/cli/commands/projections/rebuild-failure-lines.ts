import type { SkippedEvent } from '../../../domain/projection-skips.ts';
import type { RebuildFailure } from '../../../projections/rebuild/rebuild-failures.ts';
import { printable } from '../../event-lines.ts';

/** That the last rebuild failed, and why, as a line for people. */
export function rebuildFailureLine({ projection, generation, failure }: RebuildFailure): string {
  return printable(
    `${projection.padEnd(12)} generation ${generation}  REBUILD FAILED (${failure.reason}): ${failure.message}`,
  );
}

/** What an operator can do about it, given what is skipped by now. */
export function rebuildAdvice(
  { projection, failure: { event } }: RebuildFailure,
  skipped: readonly SkippedEvent[],
): string {
  const again = `To rebuild again: hongbao projections rebuild ${projection}`;
  const isSkipped = skipped.some(
    (skip) =>
      skip.projection === projection && skip.stream === event?.stream && skip.revision === event.revision,
  );
  if (event === undefined || isSkipped) return again;
  return `${again}
To leave the event out first: hongbao projections skip ${projection} --position ${event.position} --reason WHY`;
}
