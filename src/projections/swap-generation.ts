import type pg from 'pg';
import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Generation } from './generations.ts';
import { loadGenerations, showInView } from './generations.ts';
import type { Projection } from './projection.ts';
import type { Sql } from './sql.ts';
import { isLockConflict } from './sql-errors.ts';
import { inTransaction } from './transaction.ts';

export type SwapOutcome =
  | { readonly kind: 'swapped'; readonly before: Generation }
  /** The live generation has got further meanwhile: catch up and try again. */
  | { readonly kind: 'behind' }
  /** Reads did not let go of this view in time: try again, this view first. `undefined`: of a checkpoint. */
  | { readonly kind: 'in-use'; readonly table: string | undefined }
  /** The shadow was taken away: somebody aborted the rebuild. */
  | { readonly kind: 'gone' };

/**
 * Makes a shadow generation the live one, in one transaction: all checkpoints of both are locked, so that no
 * writer is between its compare-and-set and its commit; every partition of the shadow must be at least as far as
 * the live one; then the views move over, and the old generation loses its checkpoints, so that its writers'
 * compare-and-set fails from now on. Reads never wait for more than `limits.projections.swapReadsWaitMsMax`.
 *
 * `tables` is the order in which the views move. `head` reads the position of the log's newest event.
 */
export async function swapGeneration(
  { pool, clock }: { readonly pool: pg.Pool; readonly clock: Clock },
  { name }: Projection,
  tables: readonly string[],
  shadow: Generation,
  head: () => Promise<Position>,
): Promise<SwapOutcome> {
  const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
  const swapping = inTransaction(pool, settings, async (tx): Promise<SwapOutcome> => {
    const generations = await loadGenerations(tx, name);
    const live = generations.find((generation) => generation.state === 'live');
    if (live === undefined) throw new Error(`${name} has no live generation`);
    const checkpoints = await lockCheckpoints(tx, name, [live.number, shadow.number]);
    const ofShadow = checkpoints.filter((row) => row.generation === shadow.number);
    if (ofShadow.length === 0) return { kind: 'gone' };
    const ofLive = checkpoints.filter((row) => row.generation === live.number);
    if (isBehind(ofShadow, ofLive) && isBehind(ofShadow, ofLive, await head())) return { kind: 'behind' };

    await moveViews(tx, clock, tables, shadow, live);
    await setState(tx, live, 'retired');
    await setState(tx, shadow, 'live');
    await tx.execute('delete from projection.checkpoint where name = $1 and generation = $2', [
      live.name,
      live.number,
    ]);
    return { kind: 'swapped', before: live };
  });
  return swapping.catch((error: unknown): SwapOutcome => {
    if (error instanceof ViewInUse) return { kind: 'in-use', table: error.table };
    if (isLockConflict(error)) return { kind: 'in-use', table: undefined };
    throw error;
  });
}

/** Rolls the swap back: reads have this view and do not let go of it in time. */
class ViewInUse extends Error {
  override readonly name = 'ViewInUse';
  readonly table: string;

  constructor(table: string, options: ErrorOptions) {
    super(`read.${table} is in use`, options);
    this.table = table;
  }
}

/**
 * Takes the views one by one. A read of several takes them in an order of its own: while it has one that comes
 * later here and waits for one that has moved, neither can go on. And whatever has moved makes all reads of it
 * wait. So the waits share one short time, which ends well before PostgreSQL looks for deadlocks
 * (`deadlock_timeout`) and would make the read fail: it is always the swap that gives way.
 */
async function moveViews(
  tx: Sql,
  clock: Clock,
  tables: readonly string[],
  shadow: Generation,
  live: Generation,
): Promise<void> {
  const untilMs = clock.monotonicMs() + limits.projections.swapReadsWaitMsMax;
  for (const table of tables) {
    // 0 would be no limit at all.
    const leftMs = Math.max(1, Math.floor(untilMs - clock.monotonicMs()));
    await tx.execute(`set local lock_timeout = ${leftMs}`);
    try {
      await showInView(tx, table, shadow, live);
    } catch (error) {
      if (isLockConflict(error)) throw new ViewInUse(table, { cause: error });
      throw error;
    }
  }
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
