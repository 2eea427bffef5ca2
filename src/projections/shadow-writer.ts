import type pg from 'pg';
import type { Position } from '../commands/event-log.ts';
import { START } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Checkpoint } from './checkpoints.ts';
import { moveCheckpoint } from './checkpoints.ts';
import type { Generation } from './generations.ts';
import { schemaOf } from './generations.ts';
import { partitionCount, partitionOf } from './partitions.ts';
import type { ProjectedEvent } from './projected-event.ts';
import type { Projection } from './projection.ts';
import { inTransaction } from './transaction.ts';

/** Fills one shadow generation, all of its partitions in step. Tells nobody what changed. */
export class ShadowWriter {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly #pool: pg.Pool;
  #checkpoint: Checkpoint;

  /** A writer for a generation that `createGeneration` has just made for `epoch`. */
  constructor(pool: pg.Pool, projection: Projection, generation: Generation, epoch: string) {
    this.#pool = pool;
    this.projection = projection;
    this.generation = generation;
    this.#checkpoint = { epoch, position: START, changed: START };
  }

  /** The rows hold everything up to here. */
  get position(): Position {
    return this.#checkpoint.position;
  }

  /**
   * Writes those of `events` that it does not have, and stands at `upTo` then. Throws `CheckpointMoved` when
   * the generation was taken away; any error leaves rows and checkpoint as they were.
   */
  async write(events: readonly ProjectedEvent[], upTo: Position): Promise<void> {
    const from = this.#checkpoint;
    if (upTo <= from.position) return;
    const own = events.filter((event) => event.position > from.position && this.#isOwn(event));
    const to: Checkpoint = { ...from, position: upTo, changed: own.at(-1)?.position ?? from.changed };
    const settings = {
      disposable: true,
      lockTimeoutMs: limits.projections.lockTimeoutMs,
      statementTimeoutMs: limits.projections.rebuildStatementTimeoutMs,
    };
    const { name, number } = this.generation;
    await inTransaction(this.#pool, settings, async (tx) => {
      for (let partition = 0; partition < partitionCount; partition++) {
        await moveCheckpoint(tx, { name, generation: number, partition }, from, to);
        const batch = own.filter((event) => partitionOf(event.stream) === partition);
        if (batch.length > 0) await this.projection.fold(batch).write(tx, schemaOf(name, number));
      }
    });
    this.#checkpoint = to;
  }

  #isOwn(event: ProjectedEvent): boolean {
    return this.projection.streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
  }
}
