import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventLog, Position, Subscription } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { projectionPrefix, streams } from '../domain/streams.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';
import type { BusMessage, ChangeBus } from './bus.ts';
import { isSamePlace, loadCheckpoints } from './checkpoints.ts';
import { earliest } from './earliest.ts';
import type { FeedEntry } from './feed-entry.ts';
import { feedEntry } from './feed-entry.ts';
import { Lane } from './lane.ts';
import { limiter } from './limiter.ts';
import type { IdlePartition, LoadedProjections } from './load-projections.ts';
import { loadProjections } from './load-projections.ts';
import type { Projection } from './projection.ts';
import type { ProjectionCounters } from './projection-counters.ts';
import { sqlOn } from './sql.ts';

export interface SessionDeps {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly bus: ChangeBus;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** How many a generation that is made here gets. Default: `limits.projections.partitions`. */
  readonly partitions?: number | undefined;
  /** Where what is done for a projection is counted. */
  readonly countersOf: (projection: string) => ProjectionCounters;
}

/**
 * One stretch of owning partitions: reads the log once and feeds it to a lane per projection, from
 * where the most backward partition is. Ends when it is told to, when a lane finds that a checkpoint of its was
 * moved by somebody else, when the log's epoch or what an operator skips changes, or when one wants a stopped partition
 * tried again; whoever owns the partitions then begins a new one, which looks at everything afresh.
 */
export class ProjectionSession {
  readonly lanes: readonly Lane[];
  readonly idle: readonly IdlePartition[];
  readonly #deps: SessionDeps;
  readonly #epoch: string;
  readonly #headAtStart: Position;
  readonly #ended: PromiseWithResolvers<void>;
  #subscription: Subscription | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #announcing: TimerHandle | undefined;
  #looking: Promise<unknown> | undefined;
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
      ({ projection, generation, checkpoints, skips }) =>
        new Lane(
          { ...laneDeps, counters: deps.countersOf(projection.name) },
          projection,
          generation,
          checkpoints,
          skips,
        ),
    );
  }

  /**
   * Makes what is missing, and loads where the held partitions stand. Throws when log or database do not answer.
   */
  static async open(
    deps: SessionDeps,
    projections: readonly Projection[],
    held: readonly number[],
  ): Promise<ProjectionSession> {
    return new ProjectionSession(deps, await loadProjections(deps, projections, held));
  }

  /** Feeds the lanes until the session ends. Throws what the log's subscription throws. */
  async run(): Promise<void> {
    const starts = this.lanes.flatMap((lane) => [...lane.checkpoints.values()]);
    const [first, ...others] = starts.map(({ position }) => position);
    if (first === undefined) {
      await this.#ended.promise;
      return;
    }
    const after = earliest(first, ...others);
    const streamPrefixes = [
      ...new Set([
        ...this.lanes.flatMap((lane) => lane.projection.streamPrefixes),
        streams.logEpoch,
        projectionPrefix,
      ]),
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
    this.#announcing?.cancel();
    this.#room?.resolve();
    // Ends the iteration in `run`, which waits for the close itself too.
    void this.#subscription?.close().catch(() => undefined);
  }

  /** Tells the bus how far everything is, makes lagging checkpoints durable, and looks whether rows are lost. */
  heartbeat(): void {
    for (const lane of this.lanes) lane.saveCheckpoints();
    this.#publishProgress();
    if (this.#isEnding) return;
    this.#looking ??= Promise.all([this.#findLost(), this.#findRetried()])
      .catch((error: unknown) =>
        this.#deps.logger.warn({ err: error }, 'could not look at the stored checkpoints'),
      )
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
    const known = atRest.flatMap((lane) => {
      const { checkpoints, generation } = lane;
      const place = { name: generation.name, generation: generation.number };
      return [...checkpoints].map(([partition, checkpoint]) => ({
        lane,
        checkpoints,
        checkpoint,
        key: { ...place, partition },
      }));
    });
    const stored = await loadCheckpoints(
      sqlOn(this.#deps.pool),
      known.map(({ key }) => key),
    );
    for (const [index, { lane, checkpoints, checkpoint }] of known.entries()) {
      // What the lane wrote meanwhile went through its own comparison.
      const hasRested = lane.isAtRest && lane.checkpoints === checkpoints;
      if (hasRested && !isSamePlace(stored[index], checkpoint)) lane.lose();
    }
  }

  /** An operator who wants a stopped partition tried again takes the reason away that is stored with it. */
  async #findRetried(): Promise<void> {
    const stops = this.lanes.flatMap((lane) => lane.recordedStops);
    if (stops.length === 0) return;
    const stored = await loadCheckpoints(sqlOn(this.#deps.pool), stops);
    if (stored.some((checkpoint) => checkpoint?.failure === null)) this.end();
  }

  async #feed(subscription: Subscription): Promise<void> {
    for await (const item of subscription) {
      if (this.#isEnding) return;
      if (item.kind === 'event') {
        const entry = feedEntry(item.event);
        for (const lane of this.lanes) lane.offer(entry);
        if (this.#changesEverything(entry)) return;
      } else if (item.kind === 'checkpoint') {
        for (const lane of this.lanes) lane.skipTo(item.position);
      }
      this.#announceSoon();
      while (!this.#hasRoom() && !this.#isEnding) {
        this.#room = Promise.withResolvers<void>();
        await this.#room.promise;
      }
    }
  }

  /** Whether what this session looked up when it began holds no more. */
  #changesEverything({ event }: FeedEntry): boolean {
    if (event.kind === 'bad' || event.event.position <= this.#headAtStart) return false;
    const { type, data } = event.event;
    if (type === 'EpochBegun') return data.epoch !== this.#epoch;
    return type === 'EventSkipped' || type === 'SkipUndone';
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

  /**
   * Others wait for what they wrote to be behind all partitions: also behind those, here, that it does not touch and
   * that therefore write nothing.
   */
  #announceSoon(): void {
    if (this.#isEnding) return;
    this.#announcing ??= this.#deps.runtime.timers.after(limits.projections.progressDelayMs, () => {
      this.#announcing = undefined;
      this.#publishProgress();
    });
  }

  #publishProgress(): void {
    const projections = this.lanes.filter((lane) => lane.isActive).flatMap((lane) => lane.progress);
    if (projections.length === 0) return;
    this.#deps.bus.publish({ kind: 'progress', projections });
  }
}
