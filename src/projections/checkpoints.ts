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

/** What becomes of one partition's checkpoint. */
export interface CheckpointMove {
  readonly partition: number;
  readonly from: Checkpoint;
  readonly to: Checkpoint;
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
  await moveCheckpoints(tx, key, [{ partition: key.partition, from, to }]);
}

/**
 * The same for several partitions of one generation at once, with one statement: either all of them are where they
 * are expected, or it throws `CheckpointMoved`. Takes the rows in the order of the partitions, so that two who want
 * some of the same ones wait for each other and never in a circle.
 */
export async function moveCheckpoints(
  tx: Sql,
  { name, generation }: Pick<CheckpointKey, 'name' | 'generation'>,
  moves: readonly CheckpointMove[],
): Promise<void> {
  const moved = await tx.execute(
    `with locked as (
       select partition from projection.checkpoint
       where name = $1 and generation = $2 and partition = any($3::smallint[])
       order by partition for update
     )
     update projection.checkpoint c
     set epoch = m.to_epoch, position = m.to_position, changed = m.to_changed, failure = null
     from unnest($3::smallint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[])
       as m(partition, from_epoch, from_position, to_epoch, to_position, to_changed)
     join locked using (partition)
     where c.name = $1 and c.generation = $2 and c.partition = m.partition
       and c.epoch = m.from_epoch and c.position = m.from_position`,
    [
      name,
      generation,
      moves.map(({ partition }) => partition),
      moves.map(({ from }) => from.epoch),
      moves.map(({ from }) => from.position.toString()),
      moves.map(({ to }) => to.epoch),
      moves.map(({ to }) => to.position.toString()),
      moves.map(({ to }) => to.changed.toString()),
    ],
  );
  if (moved === moves.length) return;
  const places = moves.map(({ partition, from }) => `${partition} at ${from.position}`).join(', ');
  throw new CheckpointMoved(`${name} generation ${generation} has not its partitions ${places} any more`);
}
