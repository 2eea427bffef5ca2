import { type Position, START } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { earliest } from '../earliest.ts';
import { sqlOn } from '../sql.ts';
import type { CopyNews } from './copy-share.ts';
import { dealOut } from './copy-share.ts';
import { firstOf, liveCut } from './log-cut.ts';
import { copyHere, type RebuildContext } from './rebuild-context.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/** Fills all shadows from the log's start to about its end: what is left is little. */
export async function copyBulk(context: RebuildContext, writers: readonly ShadowWriter[]): Promise<void> {
  const { workers = 1 } = context.options;
  if (workers > 1) await copyWithWorkers(context, writers, workers);
  await copyUntilClose(context, writers);
}

/** Copies what there is now by several workers, each with some of the projections. */
async function copyWithWorkers(
  { deps, options, meter }: RebuildContext,
  writers: readonly ShadowWriter[],
  workers: number,
): Promise<void> {
  const { log, copyWorkers } = deps;
  const { eventsPerSecondMax, compare, signal } = options;
  // What is to be compared must not overtake the live rows: the rounds after this see to that.
  if (copyWorkers === undefined || compare === true) return;
  const until = await log.head();
  const dealt = dealOut(
    writers.map((writer) => writer.projection),
    workers,
  );
  const shares = dealt.map((hand) => ({
    generations: hand.flatMap(({ name }) =>
      writers.filter((writer) => writer.projection.name === name).map(({ generation }) => generation),
    ),
    epoch: writers[0]?.epoch ?? '',
    until,
    eventsPerSecondMax: eventsPerSecondMax === undefined ? undefined : eventsPerSecondMax / dealt.length,
    aheadBytesMax: limits.projections.rebuildAheadBytesMax / dealt.length,
  }));
  const positions = shares.map(() => START);
  const names = writers.map((writer) => writer.projection.name);
  // Either the first worker reads everything, or no two read the same: no event is counted twice.
  const firstReadsAll = dealt[0]?.some(({ streamPrefixes }) => streamPrefixes.length > 1) ?? false;
  const onNews = (share: number, { events, position }: CopyNews): void => {
    positions[share] = position;
    const [first = START, ...others] = positions;
    const counted = share === 0 || !firstReadsAll ? events : 0;
    meter.copied(counted, earliest(first, ...others), until, names);
  };
  await copyWorkers(shares, onNews, signal);
  for (const writer of writers) await writer.resume();
}

/** Copies round after round until a round has found little that is new. */
async function copyUntilClose(context: RebuildContext, writers: readonly ShadowWriter[]): Promise<void> {
  for (;;) {
    let copied = 0;
    // For a comparison a shadow must not overtake its live generation: each has an end of its own.
    if (context.options.compare === true) {
      for (const writer of writers) copied += await copyHere(context, [writer], await endOf(context, writer));
    } else {
      copied = await copyHere(context, writers, await context.deps.log.head());
    }
    if (copied < limits.projections.batchEventsMax) return;
  }
}

/** Where a shadow that is to be compared may go: not beyond the live rows, nor beyond the log. */
async function endOf({ deps }: RebuildContext, writer: ShadowWriter): Promise<Position> {
  const head = await deps.log.head();
  const live = await liveCut(sqlOn(deps.pool), writer.projection.name);
  return earliest(firstOf(live), head);
}
