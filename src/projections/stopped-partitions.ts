import type pg from 'pg';
import type { Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { CheckpointKey } from './checkpoints.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import type { Sql } from './sql.ts';
import { inTransaction } from './transaction.ts';

/** A partition of a live generation that stands still. */
export interface StoppedPartition extends CheckpointKey {
  readonly failure: ProjectionFailure;
}

/** An event that an operator points at: by its position, and where several partitions stand at it, by one of them. */
export interface PointedAt {
  readonly position: Position;
  readonly partition?: number | undefined;
}

/** The partitions of a projection's live generation that stand still, locked until the end of the transaction. */
async function lockStopped(tx: Sql, projection: string): Promise<readonly StoppedPartition[]> {
  return tx.query<StoppedPartition>(
    `select c.name, c.generation, c.partition, c.failure
     from projection.checkpoint c
     join projection.generation g on g.name = c.name and g.number = c.generation
     where c.name = $1 and g.state = 'live' and c.failure is not null
     order by c.partition for update of c`,
    [projection],
  );
}

/** What became of a wish to go on. */
export interface RetryOutcome {
  /** Begin again, as soon as whoever has them looks. */
  readonly retried: readonly StoppedPartition[];
  /** Stand still for a reason that trying again does not mend. */
  readonly left: readonly StoppedPartition[];
}

/**
 * Forgets why partitions that a poison event stopped stand still: whoever has them notices, and begins again where
 * they are. `partition`: of this one only.
 */
export function retryStopped(
  pool: pg.Pool,
  projection: string,
  partition: number | undefined,
): Promise<RetryOutcome> {
  return inTransaction(pool, settings, async (tx) => {
    const stopped = (await lockStopped(tx, projection)).filter(
      (one) => partition === undefined || one.partition === partition,
    );
    const retried = stopped.filter(({ failure }) => failure.reason === 'poison');
    for (const { name, generation, partition: number } of retried) {
      await tx.execute(
        'update projection.checkpoint set failure = null where name = $1 and generation = $2 and partition = $3',
        [name, generation, number],
      );
    }
    return { retried, left: stopped.filter((one) => !retried.includes(one)) };
  });
}

/** `found`: a partition stands still at that event, and `work` was done. Else: what stands still, where. */
export type AtStoppedOutcome<Result> =
  | { readonly kind: 'found'; readonly at: StoppedAtEvent; readonly result: Result }
  | { readonly kind: 'elsewhere'; readonly stopped: readonly StoppedPartition[] };

export interface StoppedAtEvent extends CheckpointKey {
  readonly event: NonNullable<ProjectionFailure['event']>;
}

/**
 * Runs `work` while a partition stands still at the event that an operator points at. It holds the partition's
 * checkpoint, so that neither a projector nor a swap moves it meanwhile.
 */
export function atStoppedEvent<Result>(
  pool: pg.Pool,
  projection: string,
  { position, partition }: PointedAt,
  work: (at: StoppedAtEvent) => Promise<Result>,
): Promise<AtStoppedOutcome<Result>> {
  return inTransaction(pool, { ...settings, patient: true }, async (tx) => {
    const stopped = await lockStopped(tx, projection);
    for (const { failure, ...key } of stopped) {
      const { event, reason } = failure;
      const isMeant = partition === undefined || partition === key.partition;
      if (reason !== 'poison' || event === undefined || !isMeant) continue;
      if (event.position !== position.toString()) continue;
      const at = { ...key, event };
      return { kind: 'found', at, result: await work(at) };
    }
    return { kind: 'elsewhere', stopped };
  });
}

const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
