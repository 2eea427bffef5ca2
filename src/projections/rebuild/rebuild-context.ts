import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventLog, Position } from '../../commands/event-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { OnDifference } from './compare.ts';
import type { CopyWorkers } from './copy-share.ts';
import { evenPace, fullSpeed, type Pace } from './pace.ts';
import type { RebuildProgress } from './rebuild-progress.ts';
import { ProgressMeter } from './rebuild-progress.ts';
import type { CopyTarget } from './shadow-copy.ts';
import { copyToShadows } from './shadow-copy.ts';

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

/** What all steps of one rebuild share. */
export interface RebuildContext {
  readonly deps: RebuildDeps;
  readonly options: RebuildOptions;
  readonly meter: ProgressMeter;
  readonly pace: Pace;
}

export function rebuildContext(deps: RebuildDeps, options: RebuildOptions): RebuildContext {
  const { eventsPerSecondMax, onProgress = () => {} } = options;
  return {
    deps,
    options,
    meter: new ProgressMeter(deps.runtime.clock, onProgress),
    pace: eventsPerSecondMax === undefined ? fullSpeed : evenPace(eventsPerSecondMax, deps.runtime),
  };
}

/** Brings the shadows to a position, in this thread. Answers how many events there were. */
export function copyHere(
  { deps, options, meter, pace }: RebuildContext,
  writers: readonly CopyTarget[],
  until: Position,
): Promise<number> {
  const names = writers.map((writer) => writer.projection.name);
  return copyToShadows(deps.log, writers, until, {
    copied: (events, upTo) => meter.copied(events, upTo, until, names),
    pace,
    signal: options.signal,
  });
}
