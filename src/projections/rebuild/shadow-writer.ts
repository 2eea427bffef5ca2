import type pg from 'pg';
import type { Position } from '../../commands/event-log.ts';
import { START } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { noSkips, type Skips } from '../../domain/projection-skips.ts';
import type { Checkpoint } from '../checkpoints.ts';
import { CheckpointMoved, loadCheckpoint, moveCheckpoints } from '../checkpoints.ts';
import type { Generation } from '../generations.ts';
import { schemaOf } from '../generations.ts';
import type { LogCut } from './log-cut.ts';
import { isBefore } from './log-cut.ts';
import type { ProjectedEvent } from '../projected-event.ts';
import type { Projection } from '../projection.ts';
import { isSkipped } from '../read-skips.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';

/** What a shadow is of. */
export interface ShadowPlace {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly epoch: string;
  /** What its rows are to leave out. Default: nothing. */
  readonly skips?: Skips;
}

/**
 * Fills one shadow generation, all of its partitions in step: their checkpoints move together, and the rows are
 * folded once for all of them. Tells nobody what changed.
 */
export class ShadowWriter {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly #pool: pg.Pool;
  /** What was decided earlier would leave no row. */
  readonly #sinceMs: number;
  #checkpoint: Checkpoint;
  /** The rows hold everything before this too, beyond the checkpoint. */
  #cut: LogCut | undefined;

  /** What the rows leave out. */
  readonly skips: Skips;

  /** A writer for a generation that `createGeneration` has just made for `epoch`. `nowMs` is the wall clock. */
  constructor(pool: pg.Pool, { projection, generation, epoch, skips = noSkips }: ShadowPlace, nowMs: number) {
    this.skips = skips;
    this.#pool = pool;
    this.projection = projection;
    this.generation = generation;
    this.#checkpoint = { epoch, position: START, changed: START };
    this.#sinceMs = nowMs - (projection.keptMs ?? Number.POSITIVE_INFINITY);
  }

  get epoch(): string {
    return this.#checkpoint.epoch;
  }

  /** The rows hold everything up to here. */
  get position(): Position {
    return this.#checkpoint.position;
  }

  /** Goes on from where another writer of the same generation has brought it. */
  async resume(): Promise<void> {
    const { name, number: generation } = this.generation;
    const stored = await loadCheckpoint(sqlOn(this.#pool), { name, generation, partition: 0 });
    if (stored === undefined) throw new CheckpointMoved(`generation ${generation} of ${name} was taken away`);
    const { epoch, position, changed } = stored;
    this.#checkpoint = { epoch, position, changed };
  }

  /**
   * Writes those of `events` that it does not have, and stands at `upTo` then. Throws `CheckpointMoved` when
   * the generation was taken away; any error leaves rows and checkpoint as they were.
   */
  async write(events: readonly ProjectedEvent[], upTo: Position): Promise<void> {
    const from = this.#checkpoint;
    if (upTo <= from.position) return;
    const own = events.filter((event) => this.#isMissing(event));
    const to: Checkpoint = { ...from, position: upTo, changed: own.at(-1)?.position ?? from.changed };
    await this.#commit(own, to);
    this.#checkpoint = to;
  }

  /**
   * Writes those of `events` that it does not have and that are before `cut`, and leaves the checkpoint where it
   * is: what is compared with live rows must be as uneven as their partitions are. To be called for all events
   * between the checkpoint and the cut, then `reached` with the cut; nothing else may be written in between.
   */
  async writeAhead(events: readonly ProjectedEvent[], cut: LogCut): Promise<void> {
    const own = events.filter((event) => this.#isMissing(event) && isBefore(event, cut));
    if (own.length > 0) await this.#commit(own, this.#checkpoint);
  }

  /** From now on, what is before `cut` counts as written. */
  reached(cut: LogCut): void {
    this.#cut = cut;
  }

  /** Whether an event is one for its rows. */
  takes(event: { readonly stream: string; readonly revision: number }): boolean {
    const isOwn = this.projection.streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
    return isOwn && !isSkipped(this.skips, event);
  }

  /** The compare-and-set of all checkpoints, then the rows of `own`. */
  async #commit(own: readonly ProjectedEvent[], to: Checkpoint): Promise<void> {
    const { name, number, partitions } = this.generation;
    const from = this.#checkpoint;
    const settings = {
      disposable: true,
      lockTimeoutMs: limits.projections.lockTimeoutMs,
      statementTimeoutMs: limits.projections.rebuildStatementTimeoutMs,
    };
    await inTransaction(this.#pool, settings, async (tx) => {
      const moves = Array.from({ length: partitions }, (_, partition) => ({ partition, from, to }));
      await moveCheckpoints(tx, { name, generation: number }, moves);
      if (own.length > 0) await this.projection.fold(own).write(tx, schemaOf(name, number));
    });
  }

  #isMissing(event: ProjectedEvent): boolean {
    if (event.position <= this.#checkpoint.position || event.timeMs < this.#sinceMs) return false;
    if (this.#cut !== undefined && isBefore(event, this.#cut)) return false;
    return this.takes(event);
  }
}
