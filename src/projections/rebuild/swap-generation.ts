import type pg from 'pg';
import type { Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { earliest } from '../earliest.ts';
import type { Generation } from '../generations.ts';
import { loadGenerations, showInView } from '../generations.ts';
import type { Projection } from '../projection.ts';
import type { Sql } from '../sql.ts';
import { isLockConflict } from '../../runtime/sql-errors.ts';
import { inTransaction } from '../transaction.ts';

export type SwapOutcome =
  | { readonly kind: 'swapped'; readonly before: Generation }
  /** The live generation has got too far meanwhile: catch up and try again. */
  | { readonly kind: 'behind' }
  /** Reads did not let go of this view in time: try again, this view first. `undefined`: of a checkpoint. */
  | { readonly kind: 'in-use'; readonly table: string | undefined }
  /** The shadow was taken away: somebody aborted the rebuild. */
  | { readonly kind: 'gone' };

/** What a swap needs. */
export interface SwapDeps {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** Reads the position of the log's newest event. */
  readonly head: () => Promise<Position>;
  /** Brings the shadow to this position in transactions of its own; false when that takes too long. */
  readonly catchUp: (position: Position) => Promise<boolean>;
  /** Throws when the shadow's rows are not to be shown. Asked while the live checkpoints cannot move. */
  readonly assertUsable: () => Promise<void>;
}

/**
 * Makes a shadow generation the live one, in one transaction. What it locks, in this order, which is also the
 * order of writers (a checkpoint, then rows):
 *
 *   the live checkpoints    no writer of the live generation is between its compare-and-set and its commit, and
 *                           none begins; reads go on. The shadow is brought as far as they are: a bounded tail,
 *                           within the time that `catchUp` gives it, so that sustained writes cannot win for ever.
 *   the shadow's            its own writer is the rebuild, which is here; an abort waits.
 *   the views, one by one   reads wait for no more than `limits.projections.swapReadsWaitMsMax`.
 *
 * Then the old generation loses its checkpoints, so that its writers' compare-and-set fails from now on. `tables`
 * is the order in which the views move.
 */
export async function swapGeneration(
  { pool, clock, head, catchUp, assertUsable }: SwapDeps,
  { name }: Projection,
  tables: readonly string[],
  shadow: Generation,
): Promise<SwapOutcome> {
  const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
  const swapping = inTransaction(pool, settings, async (tx): Promise<SwapOutcome> => {
    const generations = await loadGenerations(tx, name);
    const live = generations.find((generation) => generation.state === 'live');
    if (live === undefined) throw new Error(`${name} has no live generation`);
    const ofLive = await lockCheckpoints(tx, live);
    await assertUsable();
    const target = await positionToReach(ofLive, await loadCheckpoints(tx, shadow), head);
    if (target !== undefined && !(await catchUp(target))) return { kind: 'behind' };
    const ofShadow = await lockCheckpoints(tx, shadow);
    if (ofShadow.length === 0) return { kind: 'gone' };
    if ((await positionToReach(ofLive, ofShadow, head)) !== undefined) return { kind: 'behind' };

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

interface PartitionCheckpoint {
  readonly partition: number;
  readonly epoch: string;
  readonly position: string;
}

function loadCheckpoints(
  tx: Sql,
  { name, number }: Generation,
  locking = '',
): Promise<PartitionCheckpoint[]> {
  return tx.query<PartitionCheckpoint>(
    `select partition, epoch, position::text from projection.checkpoint
     where name = $1 and generation = $2 order by partition ${locking}`,
    [name, number],
  );
}

function lockCheckpoints(tx: Sql, generation: Generation): Promise<PartitionCheckpoint[]> {
  return loadCheckpoints(tx, generation, 'for update');
}

/**
 * How far the shadow must still get to be as far as the live generation; `undefined` when it is. A live
 * checkpoint of another epoch, or one beyond the log's head (which is asked only then, while the live one cannot
 * move), is of a log that is gone: it is what the rebuild is there to replace.
 */
async function positionToReach(
  live: readonly PartitionCheckpoint[],
  shadow: readonly PartitionCheckpoint[],
  head: () => Promise<Position>,
): Promise<Position | undefined> {
  const [first, ...others] = shadow;
  if (first === undefined) return undefined;
  const reached = earliest(BigInt(first.position), ...others.map(({ position }) => BigInt(position)));
  const ahead = live
    .filter(({ epoch }) => epoch === first.epoch)
    .map(({ position }) => BigInt(position))
    .filter((position) => position > reached);
  if (ahead.length === 0) return undefined;
  const end = await head();
  return ahead
    .filter((position) => position <= end)
    .reduce<Position | undefined>(
      (furthest, one) => (one > (furthest ?? reached) ? one : furthest),
      undefined,
    );
}

async function setState(tx: Sql, generation: Generation, state: Generation['state']): Promise<void> {
  await tx.execute('update projection.generation set state = $3 where name = $1 and number = $2', [
    generation.name,
    generation.number,
    state,
  ]);
}
