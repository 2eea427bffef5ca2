import { OperatorError } from '../../config/operator-error.ts';
import type { Generation } from '../generations.ts';
import { type ProjectionFailure, textOf } from '../projection-failure.ts';
import type { Sql } from '../sql.ts';
import { sqlOn } from '../sql.ts';
import type { RebuildDeps } from './rebuild-context.ts';
import { EventCannotBeRebuilt } from './rebuild-errors.ts';

/** Why the last rebuild, or audit, of a projection did not come to its end. */
export interface RebuildFailure {
  readonly projection: string;
  /** The one that it was to fill. */
  readonly generation: number;
  readonly failure: ProjectionFailure;
}

/** The failures that matter still: no later generation was filled to its end. The newest of each projection. */
export function readRebuildFailures(sql: Sql, name?: string): Promise<readonly RebuildFailure[]> {
  return sql.query<RebuildFailure>(
    `select distinct on (g.name) g.name as projection, g.number as generation, g.failure
     from projection.generation g
     left join projection.generation live on live.name = g.name and live.state = 'live'
     where g.failure is not null and g.number > coalesce(live.number, 0) and ($1::text is null or g.name = $1)
     order by g.name, g.number desc`,
    [name ?? null],
  );
}

/**
 * Keeps why generations were not filled, for `readRebuildFailures`. An event is the failure of the projection that
 * cannot take it, and of no other; what an operator was told to do already (another `OperatorError`) is none. Never
 * throws: the rebuild throws the failure itself.
 */
export async function noteRebuildFailure(
  { pool, logger }: Pick<RebuildDeps, 'pool' | 'logger'>,
  unfilled: readonly Generation[],
  error: unknown,
): Promise<void> {
  const isEvent = error instanceof EventCannotBeRebuilt;
  if (error instanceof OperatorError && !isEvent) return;
  const failure: ProjectionFailure = isEvent
    ? error.failure
    : { reason: 'rebuild', message: textOf(error), error: textOf(error) };
  const failed = unfilled.filter(({ name }) => !isEvent || name === error.projection);
  try {
    for (const { name, number } of failed) {
      await sqlOn(pool).execute(
        'update projection.generation set failure = $3 where name = $1 and number = $2',
        [name, number, JSON.stringify(failure)],
      );
    }
  } catch (noteError) {
    logger.warn({ err: noteError }, 'could not record why a rebuild failed');
  }
}

/** A later generation was filled to its end: what failed before it matters no more. */
export async function forgetRebuildFailures(
  sql: Sql,
  { name, number }: Pick<Generation, 'name' | 'number'>,
): Promise<void> {
  await sql.execute(
    'update projection.generation set failure = null where name = $1 and number < $2 and failure is not null',
    [name, number],
  );
}
