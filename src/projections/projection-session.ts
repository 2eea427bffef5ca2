import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventLog, Position, Subscription } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { streams } from '../domain/streams.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { BusMessage, ChangeBus } from './bus.ts';
import type { Checkpoint, CheckpointKey } from './checkpoints.ts';
import { isSamePlace, loadCheckpoint, loadCheckpoints, moveCheckpoint } from './checkpoints.ts';
import { earliest } from './earliest.ts';
import { feedEntry } from './feed-entry.ts';
import type { Generation } from './generations.ts';
import { ensureFirstGeneration, loadLiveGeneration } from './generations.ts';
import { Lane } from './lane.ts';
import { limiter } from './limiter.ts';
import { noEpoch, readLogEpoch } from './log-epoch-reader.ts';
import type { Projection } from './projection.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { recordFailure, unusable } from './projection-failure.ts';
import { sqlOn } from './sql.ts';
import { inTransaction } from './transaction.ts';

export interface SessionDeps {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly bus: ChangeBus;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/** A live generation that this session cannot feed, and why. */
export interface IdleProjection {
  readonly projection: Projection;
  readonly generation: Generation;
  readonly partition: number;
  readonly checkpoint: Checkpoint;
  /** `undefined`: its version is another than the code's, which waits for the rebuild that replaces it. */
  readonly failure: ProjectionFailure | undefined;
}

/**
 * One stretch of owning partitions: reads the log once and feeds it to a lane per projection and partition,
 * from where the most backward of them is. Ends when it is told to, when a lane finds that its checkpoint was
 * moved by somebody else, or when the log's epoch changes; whoever owns the partitions then begins a new one,
 * which looks at everything afresh.
 */
export class ProjectionSession {
  readonly lanes: readonly Lane[];
  readonly idle: readonly IdleProjection[];
  readonly #deps: SessionDeps;
  readonly #epoch: string;
  readonly #headAtStart: Position;
  readonly #ended: PromiseWithResolvers<void>;
  #subscription: Subscription | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #looking: Promise<void> | undefined;
  #isEnding = false;

  private constructor(deps: SessionDeps, loaded: LoadedProjections) {
    this.#deps = deps;
    this.#epoch = loaded.epoch;
    this.#headAtStart = loaded.head;
    this.#ended = Promise.withResolvers<void>();
    this.idle = loaded.idle;
    const limit = limiter(limits.projections.writersMax);
    const laneDeps = {
      pool: deps.pool,
      runtime: deps.runtime,
      logger: deps.logger,
      limit,
      publish: (message: BusMessage) => deps.bus.publish(message),
      moved: () => this.#onLaneMoved(),
      lost: () => this.end(),
    };
    this.lanes = loaded.ready.map(
      ({ projection, generation, partition, checkpoint }) =>
        new Lane(laneDeps, projection, generation, partition, checkpoint),
    );
  }

  /** Makes what is missing, and loads where everything stands. Throws when log or database do not answer. */
  static async open(
    deps: SessionDeps,
    projections: readonly Projection[],
    partitions: readonly number[],
  ): Promise<ProjectionSession> {
    return new ProjectionSession(deps, await loadProjections(deps, projections, partitions));
  }

  /** Feeds the lanes until the session ends. Throws what the log's subscription throws. */
  async run(): Promise<void> {
    const [first, ...others] = this.lanes.map((lane) => lane.checkpoint.position);
    if (first === undefined) {
      await this.#ended.promise;
      return;
    }
    const after = earliest(first, ...others);
    const streamPrefixes = [
      ...new Set([...this.lanes.flatMap((lane) => lane.projection.streamPrefixes), streams.logEpoch]),
    ];
    const subscription = this.#deps.log.subscribe({ after, streamPrefixes });
    this.#subscription = subscription;
    try {
      if (!this.#isEnding) await this.#feed(subscription);
    } finally {
      this.end();
      await subscription.close();
      await Promise.all(this.lanes.map((lane) => lane.stop()));
      await this.#looking;
    }
  }

  /** Asks the session to end; `run` resolves when it has. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#ended.resolve();
    this.#room?.resolve();
    // Ends the iteration in `run`, which waits for the close itself too.
    void this.#subscription?.close().catch(() => undefined);
  }

  /** Tells the bus how far everything is, makes lagging checkpoints durable, and looks whether rows are lost. */
  heartbeat(): void {
    for (const lane of this.lanes) lane.saveCheckpoint();
    this.#publishProgress();
    if (this.#isEnding) return;
    this.#looking ??= this.#findLost()
      .catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'could not look for lost rows'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /**
   * A crash of PostgreSQL takes back the last commits, rows and checkpoints together (they do not wait for the
   * disk). A lane that writes again finds that out by itself; one at rest would keep what is lost for ever.
   */
  async #findLost(): Promise<void> {
    const atRest = this.lanes.filter((lane) => lane.isAtRest);
    if (atRest.length === 0) return;
    const known = atRest.map((lane) => lane.checkpoint);
    const stored = await loadCheckpoints(
      sqlOn(this.#deps.pool),
      atRest.map((lane) => lane.key),
    );
    for (const [index, lane] of atRest.entries()) {
      // What the lane wrote meanwhile went through its own comparison.
      const hasRested = lane.isAtRest && lane.checkpoint === known[index];
      if (hasRested && !isSamePlace(stored[index], lane.checkpoint)) lane.lose();
    }
  }

  async #feed(subscription: Subscription): Promise<void> {
    for await (const item of subscription) {
      if (this.#isEnding) return;
      if (item.kind === 'event') {
        const entry = feedEntry(item.event);
        for (const lane of this.lanes) lane.offer(entry);
        if (this.#isNewEpoch(entry.event)) return;
      } else if (item.kind === 'checkpoint') {
        for (const lane of this.lanes) lane.skipTo(item.position);
      }
      while (!this.#hasRoom() && !this.#isEnding) {
        this.#room = Promise.withResolvers<void>();
        await this.#room.promise;
      }
    }
  }

  #isNewEpoch(event: ReturnType<typeof feedEntry>['event']): boolean {
    if (event.kind === 'bad' || event.event.type !== 'EpochBegun') return false;
    const { data, position } = event.event;
    return position > this.#headAtStart && data.epoch !== this.#epoch;
  }

  #hasRoom(): boolean {
    let events = 0;
    let bytes = 0;
    for (const lane of this.lanes) {
      events += lane.queuedEvents;
      bytes += lane.queuedBytes;
    }
    return events < limits.projections.bufferEventsMax && bytes < limits.projections.bufferBytesMax;
  }

  #onLaneMoved(): void {
    this.#room?.resolve();
    this.#publishProgress();
  }

  #publishProgress(): void {
    const active = this.lanes.filter((lane) => lane.isActive);
    if (active.length === 0) return;
    this.#deps.bus.publish({ kind: 'progress', projections: active.map((lane) => lane.progress) });
  }
}

interface LoadedProjections {
  readonly epoch: string;
  readonly head: Position;
  readonly ready: readonly {
    readonly projection: Projection;
    readonly generation: Generation;
    readonly partition: number;
    readonly checkpoint: Checkpoint;
  }[];
  readonly idle: readonly IdleProjection[];
}

async function loadProjections(
  { log, pool, logger }: SessionDeps,
  projections: readonly Projection[],
  partitions: readonly number[],
): Promise<LoadedProjections> {
  // The head before the epoch: an epoch that begins in between is then seen as part of what is to come.
  const head = await log.head();
  const epoch = await readLogEpoch(log);
  const ready: LoadedProjections['ready'][number][] = [];
  const idle: IdleProjection[] = [];
  for (const projection of projections) {
    await inTransaction(pool, {}, (tx) => ensureFirstGeneration(tx, projection, epoch));
    const generation = await loadLiveGeneration(sqlOn(pool), projection.name);
    if (generation === undefined) throw new Error(`${projection.name} has no live generation`);
    for (const partition of partitions) {
      const key = { name: projection.name, generation: generation.number, partition };
      const checkpoint = await loadCheckpoint(sqlOn(pool), key);
      // Swapped away between the two reads: the next look finds the new generation.
      if (checkpoint === undefined) throw new Error(`generation ${key.generation} of ${key.name} is retired`);
      if (generation.version !== projection.version) {
        idle.push({ projection, generation, partition, checkpoint, failure: undefined });
        continue;
      }
      // Looked at afresh before it is recorded for good: another process may have written, or rebuilt, meanwhile.
      const failure =
        unusable(key, checkpoint, epoch, head) &&
        unusable(key, checkpoint, await readLogEpoch(log), await log.head());
      if (failure === undefined) {
        const adopted =
          checkpoint.epoch === noEpoch ? await adoptEpoch(pool, key, checkpoint, epoch) : checkpoint;
        ready.push({ projection, generation, partition, checkpoint: adopted });
        continue;
      }
      logger.error({ projection: projection.name, failure }, 'a projection cannot go on');
      await recordFailure(sqlOn(pool), key, failure);
      idle.push({ projection, generation, partition, checkpoint, failure });
    }
  }
  return { epoch, head, ready, idle };
}

/** Rows folded before the log's history had a name belong to the first one that it gets. */
async function adoptEpoch(
  pool: pg.Pool,
  key: CheckpointKey,
  checkpoint: Checkpoint,
  epoch: string,
): Promise<Checkpoint> {
  if (epoch === noEpoch) return checkpoint;
  const adopted = { ...checkpoint, epoch };
  await inTransaction(pool, {}, (tx) => moveCheckpoint(tx, key, checkpoint, adopted));
  return adopted;
}
