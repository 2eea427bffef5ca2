import type pg from 'pg';
import { limits } from '../config/limits.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CheckpointMove } from './checkpoints.ts';
import { isSamePlace, loadCheckpoints, moveCheckpoints } from './checkpoints.ts';
import type { Sql } from './sql.ts';
import { sqlOn } from './sql.ts';
import { isTransient } from '../runtime/sql-errors.ts';
import { inTransaction } from './transaction.ts';

export interface LaneCommitDeps {
  readonly pool: pg.Pool;
  readonly runtime: Pick<Runtime, 'timers' | 'random'>;
  /** Bounds the writers of a process. */
  readonly limit: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

export interface LaneCommit {
  /** Of the generation that is written. */
  readonly key: { readonly name: string; readonly generation: number };
  readonly moves: readonly CheckpointMove[];
  readonly write: (tx: Sql) => Promise<void>;
  /** Whether the lane still wants it. */
  readonly isWanted: () => boolean;
  /** A fault that may pass: it is tried again. */
  readonly onRetry: (error: unknown, attempt: number) => void;
  /** Ends the waits between two tries. */
  readonly signal: AbortSignal;
}

/**
 * One transaction: the checkpoints' compare-and-set, then the rows. Tries again, for as long as the lane is
 * wanted, after faults that may pass; throws the others. False: the lane stopped, nothing was moved.
 */
export async function commitInLane(
  { pool, runtime, limit }: LaneCommitDeps,
  { key, moves, write, isWanted, onRetry, signal }: LaneCommit,
): Promise<boolean> {
  const { lockTimeoutMs, statementTimeoutMs, retryDelayMsMin, retryDelayMsMax } = limits.projections;
  const settings = { disposable: true, lockTimeoutMs, statementTimeoutMs };
  for (let attempt = 1; ; attempt++) {
    let isBegun = false;
    try {
      // A lost connection leaves open whether the commit took place: the checkpoints know.
      if (attempt === 1 || !(await isDone(pool, key, moves))) {
        await limit(() =>
          inTransaction(pool, settings, async (tx) => {
            isBegun = true;
            await moveCheckpoints(tx, key, moves);
            await write(tx);
          }),
        );
      }
      return true;
    } catch (error) {
      // Before there is a transaction no event can be at fault, whatever the way to the database answers.
      if (isBegun && !isTransient(error)) throw error;
      if (!isWanted()) return false;
      onRetry(error, attempt);
      const delayMs = backoffMs(attempt - 1, retryDelayMsMin, retryDelayMsMax, runtime.random);
      await runtime.timers.sleep(delayMs, signal);
      if (!isWanted()) return false;
    }
  }
}

async function isDone(
  pool: pg.Pool,
  key: LaneCommit['key'],
  moves: readonly CheckpointMove[],
): Promise<boolean> {
  const keys = moves.map(({ partition }) => ({ ...key, partition }));
  const stored = await loadCheckpoints(sqlOn(pool), keys);
  return moves.every(({ to }, index) => isSamePlace(stored[index], to));
}
