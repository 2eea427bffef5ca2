import type pg from 'pg';
import { createLeaseStore } from '../../../../infra/postgres/lease-store.ts';
import { limits } from '../../../config/limits.ts';
import type { CheckpointKey } from '../../../projections/checkpoints.ts';
import { loadCheckpoints } from '../../../projections/checkpoints.ts';
import { partitionOwners } from '../../../projections/partition-owners.ts';
import type { ProjectionFailure } from '../../../projections/projection-failure.ts';
import { sqlOn } from '../../../projections/sql.ts';
import type { Runtime } from '../../../runtime/runtime.ts';

/** A partition that is to go on, and the event that it stood at. */
export interface Awaited extends CheckpointKey {
  readonly event: ProjectionFailure['event'];
}

export type TakenUp =
  /** Its rows are beyond the event. */
  | { readonly kind: 'passed' }
  /** It was tried, and stands still again. */
  | { readonly kind: 'stopped'; readonly failure: ProjectionFailure }
  /** Another generation has taken its place. */
  | { readonly kind: 'replaced' }
  /** Nobody has tried it within `limits.cli.takeUpMsMax`. */
  | { readonly kind: 'waiting' };

/**
 * Waits for what becomes of partitions that are to go on. `ignoreFailuresAt`: a failure at the event at this position
 * is from before, and says nothing.
 */
export async function takenUp(
  pool: pg.Pool,
  { clock, timers }: Pick<Runtime, 'clock' | 'timers'>,
  awaited: readonly Awaited[],
  signal: AbortSignal,
  { ignoreFailuresAt }: { readonly ignoreFailuresAt?: string } = {},
): Promise<readonly TakenUp[]> {
  // Where nobody keeps them, one look says what there is to say.
  const owners = await partitionOwners(createLeaseStore(pool));
  const isKept = awaited.some(({ partition }) => owners.has(partition));
  const untilMs = clock.monotonicMs() + (isKept ? limits.cli.takeUpMsMax : 0);
  for (;;) {
    const stored = await loadCheckpoints(sqlOn(pool), awaited);
    const now = awaited.map(({ event }, index): TakenUp => {
      const checkpoint = stored[index];
      if (checkpoint === undefined) return { kind: 'replaced' };
      if (event !== undefined && checkpoint.position >= BigInt(event.position)) return { kind: 'passed' };
      const { failure } = checkpoint;
      const isOld = ignoreFailuresAt !== undefined && failure?.event?.position === ignoreFailuresAt;
      return failure === null || isOld ? { kind: 'waiting' } : { kind: 'stopped', failure };
    });
    if (now.every(({ kind }) => kind !== 'waiting') || clock.monotonicMs() >= untilMs) return now;
    await timers.sleep(limits.cli.takeUpPollMs, signal);
    signal.throwIfAborted();
  }
}
