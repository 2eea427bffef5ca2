import { CheckpointMoved } from '../checkpoints.ts';
import type { Generation } from '../generations.ts';
import { readLogEpoch } from '../log-epoch-reader.ts';
import type { Projection } from '../projection.ts';
import { sqlOn } from '../sql.ts';
import type { RowDifference } from './compare.ts';
import { compareShadow } from './compare-shadow.ts';
import { copyBulk } from './copy-bulk.ts';
import { dropQuietly } from './drop-quietly.ts';
import { indexShadows } from './index-shadows.ts';
import { makeShadow } from './make-shadow.ts';
import type { RebuildContext, RebuildDeps, RebuildOptions } from './rebuild-context.ts';
import { rebuildContext } from './rebuild-context.ts';
import { RebuildAborted } from './rebuild-errors.ts';
import { forgetRebuildFailures, noteRebuildFailure } from './rebuild-failures.ts';
import { withRebuildLocks } from './rebuild-lock.ts';
import type { ShadowWriter } from './shadow-writer.ts';
import { swapIn } from './swap-in.ts';

/*
 * A rebuild, for each projection:
 *
 *   leftovers dropped -> shadow made -> copy from the log's start -> indexes -> copy the tail
 *     -> (compare) -> swap: live writers held, the last tail copied, views moved
 *                       |--in use, too slow--> writers let go, copy the tail, swap again
 *                       \--swapped--> old generation dropped, when all are swapped
 *
 * All are at a step before one is at the next, but for the comparison and the swap, which one after another goes
 * through: each of these holds up live writers, or keeps a snapshot open, for a while.
 *
 * Writes into a shadow do not wait for the disk. A crash of the database takes the last of them, rows and checkpoints
 * together: the writer's next compare-and-set fails. The swap's commit waits, and with it everything before it in the
 * database's log, so that what reads are shown is on disk.
 *
 * Reads and live writes go on all the time. Aborted, failed or killed anywhere before the swap, it leaves the
 * live generation as it was and a shadow that nobody reads, which the next rebuild drops.
 */

export interface RebuildResult {
  readonly projection: string;
  readonly generation: number;
  readonly kind: 'swapped' | 'compared';
  /** The rows that the old generation had otherwise, when a comparison was asked for. */
  readonly differenceCount: number;
  /** The first of them, in each table. */
  readonly differences: readonly RowDifference[];
}

/**
 * Rebuilds projections from the log's start, beside the live ones, with one pass over the log for all.
 *
 * @throws RebuildUnderWay when another process rebuilds one of them, RebuildAborted when `signal` or
 * `abortRebuild` ended it, EventCannotBeRebuilt when a projection cannot take an event (`readRebuildFailures` tells it
 * from then on), OtherSkips when what the log skips has changed meanwhile, LiveRowsAhead when it was to compare rows
 * that are further than the log, and what the log and the database throw.
 */
export async function rebuild(
  deps: RebuildDeps,
  projections: readonly Projection[],
  options: RebuildOptions = {},
): Promise<readonly RebuildResult[]> {
  const names = projections.map((projection) => projection.name);
  return withRebuildLocks(deps.pool, names, async () => {
    const context = rebuildContext(deps, options);
    /** Those that are not live yet. */
    const shadows = new Set<ShadowWriter>();
    try {
      return await run(context, projections, shadows);
    } catch (error) {
      const isAborted =
        error instanceof RebuildAborted ||
        error instanceof CheckpointMoved ||
        options.signal?.aborted === true;
      const unfilled = [...shadows].map(({ generation }) => generation);
      if (!isAborted) await noteRebuildFailure(deps, unfilled, error);
      for (const generation of unfilled) await dropQuietly(context, generation);
      if (isAborted) throw new RebuildAborted('the rebuild was aborted', { cause: error });
      throw error;
    }
  });
}

async function run(
  context: RebuildContext,
  projections: readonly Projection[],
  shadows: Set<ShadowWriter>,
): Promise<readonly RebuildResult[]> {
  const { log, logger } = context.deps;
  const epoch = await readLogEpoch(log);
  for (const projection of projections) shadows.add(await makeShadow(context, projection, epoch));
  const writers = [...shadows];
  await copyBulk(context, writers);
  await indexShadows(context, writers);
  const results: RebuildResult[] = [];
  /** Nobody reads them any more. */
  const left: Generation[] = [];
  try {
    for (const writer of writers) {
      const { result, before } = await finish(context, writer);
      shadows.delete(writer);
      left.push(before);
      results.push(result);
      logger.info({ result }, 'rebuilt a projection');
    }
  } finally {
    for (const generation of left) await dropQuietly(context, generation);
  }
  context.meter.enter(
    'done',
    projections.map((projection) => projection.name),
  );
  return results;
}

/** Answers what came of it, and the generation that nobody reads any more. */
async function finish(
  context: RebuildContext,
  writer: ShadowWriter,
): Promise<{ readonly result: RebuildResult; readonly before: Generation }> {
  const { projection, generation } = writer;
  const { count: differenceCount, differences } = await compareShadow(context, writer);
  const result = { projection: projection.name, generation: generation.number, differenceCount, differences };
  if (context.options.swap === false) {
    await forgetRebuildFailures(sqlOn(context.deps.pool), generation);
    return { result: { ...result, kind: 'compared' }, before: generation };
  }
  return { result: { ...result, kind: 'swapped' }, before: await swapIn(context, writer) };
}
