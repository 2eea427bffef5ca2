import type pg from 'pg';
import type { Logger } from 'pino';
import { type EventLog, type Position, START } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { OperatorError } from '../../config/operator-error.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { CheckpointMoved } from '../checkpoints.ts';
import { boundedTail } from './bounded-tail.ts';
import type { Comparison, OnDifference, RowDifference } from './compare.ts';
import type { CopyNews, CopyWorkers } from './copy-share.ts';
import { dealOut } from './copy-share.ts';
import { assertNotAhead, compareWithLive } from './compare-with-live.ts';
import { earliest } from '../earliest.ts';
import type { Generation } from '../generations.ts';
import {
  createGeneration,
  createIndexes,
  dropGeneration,
  ensureFirstGeneration,
  loadGenerations,
  schemaOf,
} from '../generations.ts';
import type { LogCut } from './log-cut.ts';
import { firstOf, lastOf, liveCut } from './log-cut.ts';
import { readLogEpoch } from '../log-epoch-reader.ts';
import { evenPace, fullSpeed, type Pace } from './pace.ts';
import type { Projection } from '../projection.ts';
import { withRebuildLocks } from './rebuild-lock.ts';
import { areSameSkips, readSkips } from '../read-skips.ts';
import type { RebuildProgress } from './rebuild-progress.ts';
import { ProgressMeter } from './rebuild-progress.ts';
import type { CopyTarget } from './shadow-copy.ts';
import { copyToShadows } from './shadow-copy.ts';
import { ShadowWriter } from './shadow-writer.ts';
import { sqlOn } from '../sql.ts';
import { swapGeneration } from './swap-generation.ts';
import { inTransaction } from '../transaction.ts';

/*
 * A rebuild, for each projection:
 *
 *   leftovers dropped -> shadow made -> copy from the log's start -> indexes -> copy the tail
 *     -> (compare) -> swap: live writers held, the last tail copied, views moved
 *                       |--in use, too slow--> writers let go, copy the tail, swap again
 *                       \--swapped--> old generation dropped
 *
 * Reads and live writes go on all the time. Aborted, failed or killed anywhere before the swap, it leaves the
 * live generation as it was and a shadow that nobody reads, which the next rebuild drops.
 */

export interface RebuildDeps {
  readonly log: EventLog;
  /** Up to one connection per projection at once, and three more. */
  readonly pool: pg.Pool;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly copyWorkers?: CopyWorkers | undefined;
  /** How many the new generations get. Default: `limits.projections.partitions`. */
  readonly partitions?: number | undefined;
}

export interface RebuildOptions {
  /** Compare every row with the live generation before the swap. */
  readonly compare?: boolean;
  /** Default true. False: only fill and compare a shadow, then drop it. */
  readonly swap?: boolean;
  /** How many workers copy the log's bulk, where the process has them. Default: 1, which is this thread. */
  readonly workers?: number | undefined;
  /** How fast the log is copied at most. Default: as fast as it goes. */
  readonly eventsPerSecondMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Gets every row that differs, as it is found. */
  readonly onDifference?: OnDifference;
}

export interface RebuildResult {
  readonly projection: string;
  readonly generation: number;
  readonly kind: 'swapped' | 'compared';
  /** The rows that the old generation had otherwise, when a comparison was asked for. */
  readonly differenceCount: number;
  /** The first of them, in each table. */
  readonly differences: readonly RowDifference[];
}

/** The rebuild was given up; the live generations that were not swapped yet are as they were. */
export class RebuildAborted extends Error {
  override readonly name = 'RebuildAborted';
}

/** The log leaves out other events now than when the rebuild began: its rows are not what they should be. */
export class OtherSkips extends OperatorError {
  override readonly name = 'OtherSkips';
}

/**
 * Rebuilds projections from the log's start, beside the live ones, with one pass over the log for all.
 *
 * @throws RebuildUnderWay when another process rebuilds one of them, RebuildAborted when `signal` or
 * `abortRebuild` ended it, OtherSkips when what the log skips has changed meanwhile, LiveRowsAhead when it was to compare rows that are further than the log, and what the log and the database throw.
 */
export async function rebuild(
  deps: RebuildDeps,
  projections: readonly Projection[],
  options: RebuildOptions = {},
): Promise<readonly RebuildResult[]> {
  const names = projections.map((projection) => projection.name);
  return withRebuildLocks(deps.pool, names, async () => {
    const run = new Rebuild(deps, options);
    try {
      return await run.run(projections);
    } catch (error) {
      await run.dropShadows();
      if (error instanceof CheckpointMoved || options.signal?.aborted === true) {
        throw new RebuildAborted('the rebuild was aborted', { cause: error });
      }
      throw error;
    }
  });
}

/**
 * Makes a rebuild in any process give up: its shadow's checkpoints are taken away, and its next batch fails.
 * Answers the generations that were being filled.
 */
export async function abortRebuild(pool: pg.Pool, projection: string): Promise<readonly Generation[]> {
  const shadows = (await loadGenerations(sqlOn(pool), projection)).filter(({ state }) => state === 'shadow');
  for (const { name, number } of shadows) {
    await sqlOn(pool).execute('delete from projection.checkpoint where name = $1 and generation = $2', [
      name,
      number,
    ]);
  }
  return shadows;
}

class Rebuild {
  readonly #deps: RebuildDeps;
  readonly #options: RebuildOptions;
  readonly #meter: ProgressMeter;
  readonly #pace: Pace;
  /** Those that are not live yet. */
  readonly #shadows = new Set<ShadowWriter>();

  constructor(deps: RebuildDeps, options: RebuildOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#meter = new ProgressMeter(deps.runtime.clock, options.onProgress ?? (() => {}));
    const { eventsPerSecondMax } = options;
    this.#pace = eventsPerSecondMax === undefined ? fullSpeed : evenPace(eventsPerSecondMax, deps.runtime);
  }

  async run(projections: readonly Projection[]): Promise<readonly RebuildResult[]> {
    const { log, pool, logger, runtime, partitions } = this.#deps;
    const epoch = await readLogEpoch(log);
    const writers: ShadowWriter[] = [];
    for (const projection of projections) {
      await inTransaction(pool, {}, (tx) => ensureFirstGeneration(tx, projection, epoch, partitions));
      // Now, and not only when hours of copying are over.
      if (this.#options.compare === true) {
        assertNotAhead(
          projection.name,
          lastOf(await liveCut(sqlOn(pool), projection.name)),
          await log.head(),
        );
      }
      await this.#dropLeftovers(projection);
      const generation = await inTransaction(pool, {}, (tx) =>
        createGeneration(tx, projection, epoch, 'shadow', partitions),
      );
      const skips = await readSkips(log, projection.name);
      const place = { projection, generation, epoch, skips };
      const writer = new ShadowWriter(pool, place, runtime.clock.nowMs());
      writers.push(writer);
      this.#shadows.add(writer);
    }
    const { workers = 1 } = this.#options;
    if (workers > 1) await this.#copyWithWorkers(writers, workers);
    await this.#copyUntilClose(writers);
    const results: RebuildResult[] = [];
    for (const writer of writers) {
      results.push(await this.#finish(writer));
      logger.info({ result: results.at(-1) }, 'rebuilt a projection');
    }
    this.#meter.enter(
      'done',
      projections.map((projection) => projection.name),
    );
    return results;
  }

  /** Drops what was not swapped in. Never throws: the next rebuild drops what is left. */
  async dropShadows(): Promise<void> {
    for (const { generation } of this.#shadows) await this.#drop(generation);
  }

  /** Copies what there is now by several workers, each with some of the projections. */
  async #copyWithWorkers(writers: readonly ShadowWriter[], workers: number): Promise<void> {
    const { log, copyWorkers } = this.#deps;
    const { eventsPerSecondMax, compare, signal } = this.#options;
    // What is to be compared must not overtake the live rows: the rounds after this see to that.
    if (copyWorkers === undefined || compare === true) return;
    const until = await log.head();
    const dealt = dealOut(
      writers.map((writer) => writer.projection),
      workers,
    );
    const shares = dealt.map((hand) => ({
      generations: hand.flatMap(({ name }) =>
        writers.filter((writer) => writer.projection.name === name).map(({ generation }) => generation),
      ),
      epoch: writers[0]?.epoch ?? '',
      until,
      eventsPerSecondMax: eventsPerSecondMax === undefined ? undefined : eventsPerSecondMax / dealt.length,
    }));
    const positions = shares.map(() => START);
    const names = writers.map((writer) => writer.projection.name);
    // Either the first worker reads everything, or no two read the same: no event is counted twice.
    const firstReadsAll = dealt[0]?.some(({ streamPrefixes }) => streamPrefixes.length > 1) ?? false;
    const onNews = (share: number, { events, position }: CopyNews): void => {
      positions[share] = position;
      const [first = START, ...others] = positions;
      const counted = share === 0 || !firstReadsAll ? events : 0;
      this.#meter.copied(counted, earliest(first, ...others), until, names);
    };
    await copyWorkers(shares, onNews, signal);
    for (const writer of writers) await writer.resume();
  }

  /** Copies round after round until a round has found little that is new. */
  async #copyUntilClose(writers: readonly ShadowWriter[]): Promise<void> {
    for (;;) {
      let copied = 0;
      // For a comparison a shadow must not overtake its live generation: each has an end of its own.
      if (this.#options.compare === true) {
        for (const writer of writers) copied += await this.#copy([writer], await this.#end(writer));
      } else {
        copied = await this.#copy(writers, await this.#deps.log.head());
      }
      if (copied < limits.projections.batchEventsMax) return;
    }
  }

  async #finish(writer: ShadowWriter): Promise<RebuildResult> {
    const { pool } = this.#deps;
    const { projection, generation } = writer;
    this.#options.signal?.throwIfAborted();
    this.#meter.enter('index', [projection.name]);
    const settings = { statementTimeoutMs: limits.projections.rebuildStatementTimeoutMs };
    await inTransaction(pool, settings, (tx) => createIndexes(tx, projection, generation));
    for (const table of projection.tables) {
      await sqlOn(pool).execute(`analyze ${schemaOf(generation.name, generation.number)}.${table}`);
    }

    let compared: Comparison = { count: 0, differences: [] };
    if (this.#options.compare === true) {
      this.#meter.enter('compare', [projection.name]);
      compared = await compareWithLive(
        pool,
        writer,
        () => this.#deps.log.head(),
        (cut) => this.#bringTo(writer, cut),
        this.#options.onDifference,
      );
      await this.#refuseOtherSkips(writer);
    }
    const { count: differenceCount, differences } = compared;
    const result = {
      projection: projection.name,
      generation: generation.number,
      differenceCount,
      differences,
    };
    if (this.#options.swap === false) {
      await this.#drop(generation);
      this.#shadows.delete(writer);
      return { ...result, kind: 'compared' };
    }
    const before = await this.#swap(writer);
    this.#shadows.delete(writer);
    await this.#drop(before);
    return { ...result, kind: 'swapped' };
  }

  async #swap(writer: ShadowWriter): Promise<Generation> {
    const { log, pool, runtime } = this.#deps;
    const { swapTriesMax, retryDelayMsMin, retryDelayMsMax } = limits.projections;
    const { projection, generation } = writer;
    let tables = projection.tables;
    for (let attempt = 1; attempt <= swapTriesMax; attempt++) {
      await this.#copy([writer], await log.head());
      this.#meter.enter('swap', [projection.name]);
      const tail = boundedTail(runtime.timers, (position) => this.#copy([writer], position));
      const assertUsable = () => this.#refuseOtherSkips(writer);
      const deps = {
        pool,
        clock: runtime.clock,
        head: () => log.head(),
        catchUp: tail.catchUp,
        assertUsable,
      };
      const outcome = await swapGeneration(deps, projection, tables, generation).finally(tail.ended);
      if (outcome.kind === 'swapped') return outcome.before;
      if (outcome.kind === 'gone') throw new RebuildAborted('the shadow was taken away');
      if (outcome.kind === 'in-use') tables = withFirst(tables, outcome.table);
      const delayMs = backoffMs(attempt - 1, retryDelayMsMin, retryDelayMsMax, runtime.random);
      await runtime.timers.sleep(delayMs, this.#options.signal);
      this.#options.signal?.throwIfAborted();
    }
    throw new Error(`${writer.projection.name} could not be swapped in: its tables are in use all the time`);
  }

  /** What was skipped, or is skipped no more, since the shadow was made may be in its rows, or lack in them. */
  async #refuseOtherSkips({ projection: { name }, skips }: ShadowWriter): Promise<void> {
    if (areSameSkips(skips, await readSkips(this.#deps.log, name))) return;
    throw new OtherSkips(
      `An operator has decided anew which events ${name} skips while it was being rebuilt. Run: hongbao projections rebuild ${name}`,
    );
  }

  /** Where a shadow that is to be compared may go: not beyond the live rows, nor beyond the log. */
  async #end(writer: ShadowWriter): Promise<Position> {
    const head = await this.#deps.log.head();
    const live = await liveCut(sqlOn(this.#deps.pool), writer.projection.name);
    return earliest(firstOf(live), head);
  }

  /** Makes the shadow's rows exactly what the live ones are that are so far. */
  async #bringTo(writer: ShadowWriter, cut: LogCut): Promise<void> {
    await this.#copy([writer], firstOf(cut));
    const ahead: CopyTarget = {
      projection: writer.projection,
      position: writer.position,
      write: (events) => writer.writeAhead(events, cut),
      takes: (event) => writer.takes(event),
    };
    await this.#copy([ahead], lastOf(cut));
    writer.reached(cut);
  }

  #copy(writers: readonly CopyTarget[], until: Position): Promise<number> {
    const names = writers.map((writer) => writer.projection.name);
    return copyToShadows(this.#deps.log, writers, until, {
      copied: (events, upTo) => this.#meter.copied(events, upTo, until, names),
      pace: this.#pace,
      signal: this.#options.signal,
    });
  }

  async #dropLeftovers(projection: Projection): Promise<void> {
    const generations = await loadGenerations(sqlOn(this.#deps.pool), projection.name);
    for (const generation of generations) {
      if (generation.state !== 'live') await this.#drop(generation);
    }
  }

  async #drop(generation: Generation): Promise<void> {
    this.#meter.enter('drop', [generation.name]);
    const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
    try {
      await inTransaction(this.#deps.pool, settings, (tx) => dropGeneration(tx, generation));
    } catch (error) {
      const { name, number } = generation;
      this.#deps.logger.warn({ err: error, projection: name, number }, 'an old generation is still there');
    }
  }
}

/** Whoever takes first what reads take first meets no read that has it and waits for more: this order is learnt. */
function withFirst(tables: readonly string[], first: string | undefined): readonly string[] {
  return first === undefined ? tables : [first, ...tables.filter((table) => table !== first)];
}
