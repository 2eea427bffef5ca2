import type pg from 'pg';
import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Generation } from './generations.ts';
import { loadGenerations, showInViews } from './generations.ts';
import type { Projection } from './projection.ts';
import type { Sql } from './sql.ts';
import { inTransaction } from './transaction.ts';

export type SwapOutcome =
  | { readonly kind: 'swapped'; readonly before: Generation }
  /** The live generation has got further meanwhile: catch up and try again. */
  | { readonly kind: 'behind' }
  /** The shadow was taken away: somebody aborted the rebuild. */
  | { readonly kind: 'gone' };

/**
 * Makes a shadow generation the live one, in one transaction: all checkpoints of both are locked, so that no
 * writer is between its compare-and-set and its commit; every partition of the shadow must be at least as far as
 * the live one; then the views move over, and the old generation loses its checkpoints, so that its writers'
 * compare-and-set fails from now on. Reads never wait for more than the moment in which the views move.
 *
 * `head` reads the position of the log's newest event. Throws a lock conflict (see `isLockConflict`) when the locks were not to be had in time; try again.
 */
export function swapGeneration(
  pool: pg.Pool,
  projection: Projection,
  shadow: Generation,
  head: () => Promise<Position>,
): Promise<SwapOutcome> {
  const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
  return inTransaction(pool, settings, async (tx): Promise<SwapOutcome> => {
    const generations = await loadGenerations(tx, projection.name);
    const live = generations.find((generation) => generation.state === 'live');
    if (live === undefined) throw new Error(`${projection.name} has no live generation`);
    const checkpoints = await lockCheckpoints(tx, projection.name, [live.number, shadow.number]);
    const ofShadow = checkpoints.filter((row) => row.generation === shadow.number);
    if (ofShadow.length === 0) return { kind: 'gone' };
    const ofLive = checkpoints.filter((row) => row.generation === live.number);
    if (isBehind(ofShadow, ofLive) && isBehind(ofShadow, ofLive, await head())) return { kind: 'behind' };

    await showInViews(tx, projection, shadow, live);
    await setState(tx, live, 'retired');
    await setState(tx, shadow, 'live');
    await tx.execute('delete from projection.checkpoint where name = $1 and generation = $2', [
      live.name,
      live.number,
    ]);
    return { kind: 'swapped', before: live };
  });
}

interface LockedCheckpoint {
  readonly generation: number;
  readonly partition: number;
  readonly epoch: string;
  readonly position: string;
}

function lockCheckpoints(tx: Sql, name: string, generations: readonly number[]): Promise<LockedCheckpoint[]> {
  return tx.query<LockedCheckpoint>(
    `select generation, partition, epoch, position::text from projection.checkpoint
     where name = $1 and generation = any($2::integer[])
     order by generation, partition for update`,
    [name, generations],
  );
}

/**
 * Whether a partition of the shadow is not as far as the live one. A live checkpoint of another epoch, or one
 * beyond the log's head (which is asked only then, while the live one cannot move), is of a log that is gone:
 * it is what the rebuild is there to replace.
 */
function isBehind(
  shadow: readonly LockedCheckpoint[],
  live: readonly LockedCheckpoint[],
  head?: Position,
): boolean {
  return live.some((one) => {
    const other = shadow.find((row) => row.partition === one.partition);
    if (other === undefined) return true;
    if (other.epoch !== one.epoch) return false;
    if (head !== undefined && BigInt(one.position) > head) return false;
    return BigInt(other.position) < BigInt(one.position);
  });
}

async function setState(tx: Sql, generation: Generation, state: Generation['state']): Promise<void> {
  await tx.execute('update projection.generation set state = $3 where name = $1 and number = $2', [
    generation.name,
    generation.number,
    state,
  ]);
}
