import type { Position } from '../commands/event-log.ts';
import type { CheckpointKey, StoredCheckpoint } from './checkpoints.ts';
import { noEpoch } from './log-epoch-reader.ts';
import type { Sql } from './sql.ts';

/** Why a partition stands still. Kept with its checkpoint, for whoever asks from another process. */
export interface ProjectionFailure {
  /**
   * poison: an event that cannot be folded or written. ahead, epoch: the rows are of another log, or of a part
   * of it that is gone. Only a rebuild helps with those two: once recorded they stay, since the log that has
   * grown past the checkpoint again has other events before it than the rows. rebuild: the rows are of another
   * version of the code, and replacing them failed; it is tried again.
   */
  readonly reason: 'poison' | 'ahead' | 'epoch' | 'rebuild';
  /** What happened, and what to do. */
  readonly message: string;
  /** What was thrown, alone. Absent in what older versions recorded. */
  readonly error?: string;
  readonly event?: FailedEvent;
}

/** An event that cannot be taken. */
export interface FailedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** A decimal number. */
  readonly position: string;
}

/** What an event did that cannot be folded or written; without one, what a write of no event did. */
export function poisonFailure(
  error: unknown,
  event: (Omit<FailedEvent, 'position'> & { readonly position: Position }) | undefined,
): ProjectionFailure {
  const text = textOf(error);
  if (event === undefined) return { reason: 'poison', message: text, error: text };
  const { stream, revision, type, position } = event;
  return {
    reason: 'poison',
    message: `Event ${revision} of ${stream} (${type}, position ${position}) cannot be projected: ${text}`,
    error: text,
    event: { stream, revision, type, position: position.toString() },
  };
}

/** Why the rows of another version could not be replaced. */
export function rebuildFailure(name: string, error: unknown): ProjectionFailure {
  const message = `The rows of ${name} are of another version and could not be rebuilt: ${textOf(error)}`;
  return { reason: 'rebuild', message };
}

/** An error as a part of a sentence. */
export function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Why rows at this checkpoint cannot be carried on with this log; `undefined` when they can. */
export function unusable(
  key: CheckpointKey,
  checkpoint: StoredCheckpoint,
  epoch: string,
  head: Position,
): ProjectionFailure | undefined {
  const recorded = checkpoint.failure;
  if (recorded?.reason === 'ahead' || recorded?.reason === 'epoch') return recorded;
  const advice = `Run: hongbao projections rebuild ${key.name}`;
  if (checkpoint.epoch !== epoch && checkpoint.epoch !== noEpoch) {
    return {
      reason: 'epoch',
      message: `The rows of ${key.name} are of epoch ${checkpoint.epoch}, the log is of ${epoch || 'none'}. ${advice}`,
    };
  }
  if (checkpoint.position > head) {
    return {
      reason: 'ahead',
      message: `The rows of ${key.name} are at ${checkpoint.position}, the log ends at ${head}. ${advice}`,
    };
  }
  return undefined;
}

/** Records why a partition stands still. */
export async function recordFailure(sql: Sql, key: CheckpointKey, failure: ProjectionFailure): Promise<void> {
  await sql.execute(
    `update projection.checkpoint set failure = $4
     where name = $1 and generation = $2 and partition = $3`,
    [key.name, key.generation, key.partition, JSON.stringify(failure)],
  );
}
