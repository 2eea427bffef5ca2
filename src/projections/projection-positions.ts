import type { Position } from '../commands/event-log.ts';
import { START } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';
import type { BusMessage, ChangeBus, ProjectionProgress } from './bus.ts';
import { earliest } from './earliest.ts';

/** Follows the bus to know how far every read model is, so that a query can wait for one's own writes. */
export interface ProjectionPositions {
  /** Reads of this projection show everything up to here; `START` while nothing was heard of it. */
  reached(projection: string): Position;
  /**
   * Resolves with true as soon as all of `projections` have reached `position`, with false after `timeoutMs`
   * (at most `limits.projections.waitForMsMax`) or when too many wait already: what is read then may be stale.
   */
  waitFor(projections: readonly string[], position: Position, timeoutMs?: number): Promise<boolean>;
  close(): void;
}

type GenerationPlace = Pick<ProjectionProgress, 'projection' | 'generation' | 'partitionCount'>;

interface KnownGeneration {
  readonly generation: number;
  readonly partitionCount: number;
  /** By partition. */
  readonly positions: Map<number, Position>;
}

interface Waiter {
  readonly projections: readonly string[];
  readonly position: Position;
  readonly finish: (reached: boolean) => void;
}

/**
 * Follows `bus` until closed. What the bus does not bring, because it lost it or does not reach the process that
 * keeps a partition, is looked up with `look` (from the database) while somebody waits for it.
 */
export function followPositions(
  bus: ChangeBus,
  { timers }: Pick<Runtime, 'timers'>,
  look?: () => Promise<readonly ProjectionProgress[]>,
): ProjectionPositions {
  /** Per projection, of the newest generation heard of. */
  const known = new Map<string, KnownGeneration>();
  const waiters = new Set<Waiter>();

  const reached = (projection: string): Position => {
    const generation = known.get(projection);
    if (generation === undefined) return START;
    const [first, ...others] = generation.positions.values();
    if (first === undefined || generation.positions.size < generation.partitionCount) return START;
    return earliest(first, ...others);
  };
  const isMet = ({ projections, position }: Pick<Waiter, 'projections' | 'position'>): boolean =>
    projections.every((projection) => reached(projection) >= position);

  const learn = (place: GenerationPlace, partitions: readonly number[], position: Position): void => {
    const { projection, generation, partitionCount } = place;
    const before = known.get(projection);
    // Of an older generation nothing counts any more; within one, positions only grow.
    if (before !== undefined && before.generation > generation) return;
    const isNew = before === undefined || before.generation < generation;
    const { positions } = isNew ? { positions: new Map<number, Position>() } : before;
    if (isNew) known.set(projection, { generation, partitionCount, positions });
    for (const partition of partitions) {
      const there = positions.get(partition);
      if (there === undefined || there < position) positions.set(partition, position);
    }
  };
  const onMessage = (message: BusMessage): void => {
    if (message.kind === 'changes') {
      const moved = message.partitions.map(({ partition }) => partition);
      learn(message, moved, message.checkpoint);
    } else {
      for (const one of message.projections) learn(one, one.partitions, one.reached);
    }
    for (const waiter of waiters) if (isMet(waiter)) waiter.finish(true);
  };
  let looking: TimerHandle | undefined;
  const lookSoon = (): void => {
    if (look === undefined || waiters.size === 0) return;
    looking ??= timers.after(limits.projections.positionsLookMs, async () => {
      // Without an answer the next look, or the bus, says it.
      const projections = waiters.size === 0 ? [] : await look().catch(() => []);
      looking = undefined;
      onMessage({ kind: 'progress', projections });
      lookSoon();
    });
  };
  const unsubscribe = bus.subscribe(onMessage);

  return {
    reached,
    waitFor(projections, position, timeoutMs = limits.projections.waitForMsMax) {
      if (isMet({ projections, position })) return Promise.resolve(true);
      if (waiters.size >= limits.projections.waitersMax) return Promise.resolve(false);
      return new Promise((resolve) => {
        const delayMs = Math.min(timeoutMs, limits.projections.waitForMsMax);
        const timer = timers.after(delayMs, () => waiter.finish(false));
        const waiter: Waiter = {
          projections,
          position,
          finish(isReached) {
            timer.cancel();
            waiters.delete(waiter);
            resolve(isReached);
          },
        };
        waiters.add(waiter);
        lookSoon();
      });
    },
    close() {
      unsubscribe();
      looking?.cancel();
      for (const waiter of waiters) waiter.finish(false);
    },
  };
}
