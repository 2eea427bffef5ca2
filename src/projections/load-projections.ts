import type { Position } from '../commands/event-log.ts';
import type { Skips } from '../domain/projection-skips.ts';
import type { Checkpoint, CheckpointKey, StoredCheckpoint } from './checkpoints.ts';
import { loadCheckpoints, moveCheckpoint } from './checkpoints.ts';
import type { Generation } from './generations.ts';
import { ensureFirstGeneration, loadLiveGeneration } from './generations.ts';
import { noEpoch, readLogEpoch } from './log-epoch-reader.ts';
import type { Projection } from './projection.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { recordFailure, unusable } from './projection-failure.ts';
import type { SessionDeps } from './projection-session.ts';
import { readSkips } from './read-skips.ts';
import { sqlOn } from './sql.ts';
import { inTransaction } from './transaction.ts';

/** A partition of a live generation that a session cannot feed, and why. */
export interface IdlePartition {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly partition: number;
  readonly checkpoint: Checkpoint;
  /** `undefined`: its version is another than the code's, which waits for the rebuild that replaces it. */
  readonly failure: ProjectionFailure | undefined;
}

/** A live generation, and where the partitions of it stand that a session is to feed. */
interface ReadyProjection {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly checkpoints: ReadonlyMap<number, Checkpoint>;
  readonly skips: Skips;
}

export interface LoadedProjections {
  readonly epoch: string;
  readonly head: Position;
  readonly ready: readonly ReadyProjection[];
  readonly idle: readonly IdlePartition[];
}

/**
 * Makes the generations that are missing, and loads where the partitions `held` of all live ones stand; a generation
 * may have fewer. Records why those cannot go on that cannot. Throws when log or database do not answer.
 */
export async function loadProjections(
  deps: SessionDeps,
  projections: readonly Projection[],
  held: readonly number[],
): Promise<LoadedProjections> {
  const { log, pool } = deps;
  // The head before the epoch: an epoch that begins in between is then seen as part of what is to come.
  const head = await log.head();
  const epoch = await readLogEpoch(log);
  const ready: ReadyProjection[] = [];
  const idle: IdlePartition[] = [];
  for (const projection of projections) {
    const { name } = projection;
    await inTransaction(pool, {}, (tx) => ensureFirstGeneration(tx, projection, epoch, deps.partitions));
    const generation = await loadLiveGeneration(sqlOn(pool), name);
    if (generation === undefined) throw new Error(`${name} has no live generation`);
    const checkpoints = new Map<number, Checkpoint>();
    for (const [key, checkpoint] of await loadHeld(deps, generation, held)) {
      const { partition } = key;
      if (generation.version !== projection.version) {
        idle.push({ projection, generation, partition, checkpoint, failure: undefined });
        continue;
      }
      const failure = await failureOf(deps, key, checkpoint, { epoch, head });
      if (failure === undefined) {
        const isNameless = checkpoint.epoch === noEpoch && epoch !== noEpoch;
        checkpoints.set(partition, isNameless ? await adoptEpoch(deps, key, checkpoint, epoch) : checkpoint);
      } else idle.push({ projection, generation, partition, checkpoint, failure });
    }
    if (checkpoints.size > 0) {
      ready.push({ projection, generation, checkpoints, skips: await readSkips(log, name) });
    }
  }
  return { epoch, head, ready, idle };
}

async function loadHeld(
  { pool }: SessionDeps,
  { name, number, partitions }: Generation,
  held: readonly number[],
): Promise<readonly (readonly [CheckpointKey, StoredCheckpoint])[]> {
  const keys = held
    .filter((partition) => partition < partitions)
    .map((partition) => ({ name, generation: number, partition }));
  const stored = await loadCheckpoints(sqlOn(pool), keys);
  return keys.map((key, index) => {
    const checkpoint = stored[index];
    // Swapped away between the two reads: the next look finds the new generation.
    if (checkpoint === undefined) throw new Error(`generation ${number} of ${name} is retired`);
    return [key, checkpoint];
  });
}

/** Why rows at this checkpoint cannot be carried on with, recorded; `undefined` when they can. */
async function failureOf(
  { log, pool, logger }: SessionDeps,
  key: CheckpointKey,
  checkpoint: StoredCheckpoint,
  { epoch, head }: Pick<LoadedProjections, 'epoch' | 'head'>,
): Promise<ProjectionFailure | undefined> {
  // Looked at afresh before it is recorded for good: another process may have written, or rebuilt, meanwhile.
  const failure =
    unusable(key, checkpoint, epoch, head) &&
    unusable(key, checkpoint, await readLogEpoch(log), await log.head());
  if (failure === undefined) return undefined;
  logger.error({ projection: key.name, partition: key.partition, failure }, 'a projection cannot go on');
  await recordFailure(sqlOn(pool), key, failure);
  return failure;
}

/** Rows folded before the log's history had a name belong to the first one that it gets. */
async function adoptEpoch(
  { pool }: SessionDeps,
  key: CheckpointKey,
  checkpoint: Checkpoint,
  epoch: string,
): Promise<Checkpoint> {
  const adopted = { ...checkpoint, epoch };
  await inTransaction(pool, {}, (tx) => moveCheckpoint(tx, key, checkpoint, adopted));
  return adopted;
}
