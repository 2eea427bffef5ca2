import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventLog, Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { SharedLeaseStore } from '../runtime/leases.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { allProjections } from './all-projections.ts';
import type { ChangeBus } from './bus.ts';
import type { Generation } from './generations.ts';
import { loadLiveGeneration, mostPartitions } from './generations.ts';
import { HeldLeases } from './held-leases.ts';
import type { LaneState } from './lane.ts';
import { OutdatedReplacer } from './rebuild/outdated-replacer.ts';
import type { Projection } from './projection.ts';
import { ProjectionCounters } from './projection-counters.ts';
import type { ProjectionFailure } from './projection-failure.ts';
import { ProjectionSession } from './projection-session.ts';
import { sqlOn } from './sql.ts';

export interface RunnerDeps {
  readonly log: EventLog;
  /** Writers take up to `limits.projections.writersMax` connections of it. */
  readonly pool: pg.Pool;
  readonly bus: ChangeBus;
  readonly leases: SharedLeaseStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Default: all of them. */
  readonly projections?: readonly Projection[];
  /** What this process is called where its partitions are shown. Default: nothing. */
  readonly owner?: string;
  /** How many partitions a generation that is made here gets. Default: `limits.projections.partitions`. */
  readonly partitions?: number;
}

/** How one partition of one projection is doing, in this process. */
export interface ProjectionStatus {
  readonly projection: string;
  readonly partition: number;
  readonly generation: number;
  /**
   * outdated: the live generation is of another version of the code; its replacement is being built, or, where
   * there is a failure, could not be built and is tried again.
   */
  readonly state: LaneState | 'outdated';
  /** Reads show everything up to here. */
  readonly reached: Position;
  /** Of all its partitions in this process. */
  readonly queuedEvents: number;
  readonly failure: ProjectionFailure | undefined;
  /** When the oldest event was decided that it has read and not written, ms; `undefined` when there is none. */
  readonly waitingSinceMs: number | undefined;
}

export interface ProjectionRunner {
  /** Begins to take partitions and to feed their projections. Returns at once. */
  start(): void;
  /** Lets the transactions under way end and gives the partitions to others. */
  stop(): Promise<void>;
  /** Of the partitions that this process has; empty while it has none. */
  status(): readonly ProjectionStatus[];
  /** What this process has done since it began, by projection. */
  counters(): ReadonlyMap<string, ProjectionCounters>;
}

/** The leases of partitions: number n is for partition n of every projection. */
export const partitionLeases = 'projections';

/**
 * Keeps the read models up to date for as long as it lives: takes its share of the partitions, runs a session over
 * them, and begins a new one whenever something has changed under it. Processes share the partitions out evenly;
 * those of one that died are taken over when its leases have run out.
 */
export function createProjectionRunner(deps: RunnerDeps): ProjectionRunner {
  return new Runner(deps);
}

class Runner implements ProjectionRunner {
  readonly #deps: RunnerDeps;
  readonly #projections: readonly Projection[];
  readonly #leases: HeldLeases;
  readonly #replacer: OutdatedReplacer;
  readonly #stopping = new AbortController();
  readonly #counters = new Map<string, ProjectionCounters>();
  #session: ProjectionSession | undefined;
  #running: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #woken = Promise.withResolvers<void>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    this.#projections = deps.projections ?? allProjections;
    this.#leases = new HeldLeases({
      store: deps.leases,
      runtime: deps.runtime,
      logger: deps.logger,
      group: partitionLeases,
      // Whatever the setting is by now: generations keep the partitions that they were made with.
      count: async () =>
        Math.max(deps.partitions ?? limits.projections.partitions, await mostPartitions(sqlOn(deps.pool))),
      holder: `${deps.owner ?? ''}#${deps.runtime.ids.next()}`,
      ttlMs: limits.projections.leaseTtlMs,
      renewMs: limits.projections.leaseRenewMs,
      retryMs: limits.projections.leaseRetryMs,
      onChange: () => {
        this.#wake();
        return this.#running;
      },
    });
    const { log, pool, runtime, logger, partitions } = deps;
    this.#replacer = new OutdatedReplacer({ log, pool, runtime, logger, partitions });
  }

  start(): void {
    this.#leases.start();
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
    await this.#replacer.stop();
    await this.#leases.stop();
  }

  status(): readonly ProjectionStatus[] {
    const session = this.#session;
    if (session === undefined) return [];
    const fed = session.lanes.flatMap((lane) =>
      lane.partitions.map(({ partition, state, reached, failure, waitingSinceMs }) => ({
        projection: lane.projection.name,
        partition,
        generation: lane.generation.number,
        state,
        reached,
        queuedEvents: lane.queuedEvents,
        failure,
        waitingSinceMs,
      })),
    );
    const idle = session.idle.map(({ projection, generation, partition, checkpoint, failure }) => ({
      projection: projection.name,
      partition,
      generation: generation.number,
      state: failure === undefined ? ('outdated' as const) : ('halted' as const),
      reached: checkpoint.position,
      queuedEvents: 0,
      failure: failure ?? this.#replacer.failureOf(projection.name),
      waitingSinceMs: undefined,
    }));
    return [...fed, ...idle];
  }

  counters(): ReadonlyMap<string, ProjectionCounters> {
    return this.#counters;
  }

  #countersOf(projection: string): ProjectionCounters {
    const known = this.#counters.get(projection) ?? new ProjectionCounters();
    this.#counters.set(projection, known);
    return known;
  }

  async #run(): Promise<void> {
    const { runtime, logger } = this.#deps;
    const { retryDelayMsMin, retryDelayMsMax } = limits.projections;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#woken = Promise.withResolvers<void>();
      const held = this.#leases.held;
      if (held.length === 0) {
        // Not for the news alone: a lease that ran out and was had again before anybody looked is none.
        const renewal = runtime.timers.sleep(limits.projections.leaseRenewMs, this.#stopping.signal);
        await Promise.race([this.#woken.promise, renewal]);
        continue;
      }
      try {
        this.#running = this.#runSession(held);
        await this.#running;
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, failures }, 'the projections were interrupted; they begin again');
        const delayMs = backoffMs(failures - 1, retryDelayMsMin, retryDelayMsMax, runtime.random);
        await runtime.timers.sleep(delayMs, this.#stopping.signal);
      }
    }
  }

  async #runSession(held: readonly number[]): Promise<void> {
    const session = await ProjectionSession.open(
      { ...this.#deps, countersOf: (projection) => this.#countersOf(projection) },
      this.#projections,
      held,
    );
    const heartbeat = this.#deps.runtime.timers.every(limits.projections.heartbeatMs, () => {
      session.heartbeat();
      this.#lookAfter(session, held);
    });
    this.#session = session;
    void this.#woken.promise.then(() => session.end());
    try {
      session.heartbeat();
      this.#replaceOutdated(session);
      await session.run();
    } finally {
      heartbeat.cancel();
      await this.#looking;
      this.#session = undefined;
    }
  }

  /** Another process may have rebuilt what stands still here; a lease may have run out; a rebuild may be due. */
  #lookAfter(session: ProjectionSession, partitions: readonly number[]): void {
    const { held } = this.#leases;
    if (!partitions.every((partition) => held.includes(partition))) {
      session.end();
      return;
    }
    this.#replaceOutdated(session);
    const still = [
      ...session.lanes.filter((lane) => lane.isStuck).map(({ generation }) => generation),
      ...new Set(session.idle.map(({ generation }) => generation)),
    ];
    if (still.length === 0) return;
    this.#looking ??= this.#endIfReplaced(session, still)
      .catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'could not look for new generations'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #endIfReplaced(session: ProjectionSession, still: readonly Generation[]): Promise<void> {
    for (const { name, number } of still) {
      const live = await loadLiveGeneration(sqlOn(this.#deps.pool), name);
      if (live !== undefined && live.number !== number) {
        session.end();
        return;
      }
    }
  }

  /** A new session then finds the generations that took the place of the outdated ones. */
  #replaceOutdated(session: ProjectionSession): void {
    const outdated = session.idle.filter(({ failure }) => failure === undefined);
    const projections = [...new Set(outdated.map(({ projection }) => projection))];
    this.#replacer.replace(projections, () => this.#session?.end());
  }

  #wake(): void {
    this.#woken.resolve();
  }
}
