import type { Position } from '../commands/event-log.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import type { Sql } from './sql.ts';

/** Which checkpoint: one partition of one generation. */
export interface CheckpointKey {
  readonly name: string;
  readonly generation: number;
  readonly partition: number;
}

export interface Checkpoint {
  /** The log's history that the rows came from. */
  readonly epoch: string;
  /** The rows hold everything up to here. */
  readonly position: Position;
  /** The last position that changed a row. */
  readonly changed: Position;
}

/** Somebody else has moved the checkpoint, or the generation is retired: nothing was written. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
}

/** A checkpoint as it is stored: with the reason why it stood still when somebody last looked. */
export interface StoredCheckpoint extends Checkpoint {
  readonly failure: ProjectionFailure | null;
}

interface CheckpointRow {
  readonly failure: ProjectionFailure | null;
  readonly epoch: string;
  readonly position: string;
  readonly changed: string;
}

/** The checkpoint; `undefined` when its generation is retired or gone. */
export async function loadCheckpoint(sql: Sql, key: CheckpointKey): Promise<StoredCheckpoint | undefined> {
  const [row] = await sql.query<CheckpointRow>(
    `select epoch, position::text, changed::text, failure from projection.checkpoint
     where name = $1 and generation = $2 and partition = $3`,
    [key.name, key.generation, key.partition],
  );
  return row && checkpointOf(row);
}

function checkpointOf({ epoch, position, changed, failure }: CheckpointRow): StoredCheckpoint {
  return { epoch, position: BigInt(position), changed: BigInt(changed), failure };
}

/** The checkpoints of these keys, in their order, with one statement; `undefined` where there is none. */
export async function loadCheckpoints(
  sql: Sql,
  keys: readonly CheckpointKey[],
): Promise<readonly (StoredCheckpoint | undefined)[]> {
  const rows = await sql.query<CheckpointRow & { readonly index: number }>(
    `select k.index, c.epoch, c.position::text, c.changed::text, c.failure
     from unnest($1::text[], $2::integer[], $3::integer[]) with ordinality
       as k(name, generation, partition, index)
     join projection.checkpoint c using (name, generation, partition)`,
    [
      keys.map(({ name }) => name),
      keys.map(({ generation }) => generation),
      keys.map((key) => key.partition),
    ],
  );
  const found = new Map(rows.map((row) => [row.index - 1, checkpointOf(row)]));
  return keys.map((_, index) => found.get(index));
}

/** Whether rows at one are rows at the other. */
export function isSamePlace(one: Checkpoint | undefined, other: Checkpoint): boolean {
  return one !== undefined && one.epoch === other.epoch && one.position === other.position;
}

/**
 * Moves a checkpoint by compare-and-set: throws `CheckpointMoved` unless it is exactly `from` (position and
 * epoch) still. First in the transaction that writes the rows, so that of two writers the second waits for the
 * first and then fails before it has written anything. Moving it also clears the failure.
 */
export async function moveCheckpoint(
  tx: Sql,
  key: CheckpointKey,
  from: Checkpoint,
  to: Checkpoint,
): Promise<void> {
  const moved = await tx.execute(
    `update projection.checkpoint set epoch = $6, position = $7, changed = $8, failure = null
     where name = $1 and generation = $2 and partition = $3 and epoch = $4 and position = $5`,
    [
      key.name,
      key.generation,
      key.partition,
      from.epoch,
      from.position.toString(),
      to.epoch,
      to.position.toString(),
      to.changed.toString(),
    ],
  );
  if (moved !== 1) {
    throw new CheckpointMoved(
      `${key.name} generation ${key.generation} partition ${key.partition} is not at ${from.position} any more`,
    );
  }
}
