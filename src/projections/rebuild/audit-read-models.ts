import { allProjections } from '../all-projections.ts';
import type { RowDifference } from './compare.ts';
import type { Projection } from '../projection.ts';
import type { RebuildDeps, RebuildOptions } from './rebuild-context.ts';
import { rebuild } from './rebuild.ts';

/**
 * Checks that every read model equals a replay from zero (money rule 8): fills a shadow of each, compares it
 * with the live rows at one position, drops it. Live reads and writes go on. Answers the
 * first differences of each table, and `onDifference` gets them all. Empty: they are equal.
 */
export async function auditReadModels(
  deps: RebuildDeps,
  options: Pick<RebuildOptions, 'signal' | 'onProgress' | 'onDifference'> = {},
  projections: readonly Projection[] = allProjections,
): Promise<readonly RowDifference[]> {
  // Those without tables of their own have nothing that could differ.
  const withTables = projections.filter((projection) => projection.tables.length > 0);
  const results = await rebuild(deps, withTables, { ...options, compare: true, swap: false });
  return results.flatMap((result) => result.differences);
}
