import type pg from 'pg';
import type { EventLog, Position } from '../../commands/event-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { projectionNamed } from '../all-projections.ts';
import type { Generation } from '../generations.ts';
import { evenPace, fullSpeed } from './pace.ts';
import type { Projection } from '../projection.ts';
import { readSkips } from '../read-skips.ts';
import { copyToShadows } from './shadow-copy.ts';
import { ShadowWriter } from './shadow-writer.ts';

/**
 * What one of several workers of a rebuild copies: some of the shadows, from the log's start to one place. Plain data,
 * since it goes to another thread.
 */
export interface CopyShare {
  /** Just made, and empty. */
  readonly generations: readonly Generation[];
  readonly epoch: string;
  readonly until: Position;
  readonly eventsPerSecondMax: number | undefined;
  /** Its part of `limits.projections.rebuildAheadBytesMax`. */
  readonly aheadBytesMax: number;
}

/** How far a worker is: events that it has copied since it last told, and up to where. */
export interface CopyNews {
  readonly events: number;
  readonly position: Position;
}

/** Lets each share be copied by a worker with a reader of its own. Rejects with the first error; then all have ended. */
export type CopyWorkers = (
  shares: readonly CopyShare[],
  onNews: (share: number, news: CopyNews) => void,
  signal: AbortSignal | undefined,
) => Promise<void>;

/** Does a worker's work. Throws as `copyToShadows` does. */
export async function copyShare(
  { log, pool, runtime }: { readonly log: EventLog; readonly pool: pg.Pool; readonly runtime: Runtime },
  { generations, epoch, until, eventsPerSecondMax, aheadBytesMax }: CopyShare,
  onNews: (news: CopyNews) => void,
): Promise<void> {
  const nowMs = runtime.clock.nowMs();
  const writers: ShadowWriter[] = [];
  for (const generation of generations) {
    const projection = projectionNamed(generation.name);
    if (projection === undefined) throw new Error(`there is no projection ${generation.name}`);
    // Should they change meanwhile, the swap will find that they are not those of the rebuild's beginning.
    const skips = await readSkips(log, projection.name);
    writers.push(new ShadowWriter(pool, { projection, generation, epoch, skips }, nowMs));
  }
  const pace = eventsPerSecondMax === undefined ? fullSpeed : evenPace(eventsPerSecondMax, runtime);
  const copied = (events: number, position: Position): void => onNews({ events, position });
  await copyToShadows(log, writers, until, { copied, pace, signal: undefined, aheadBytesMax });
}

/**
 * About how much work a projection is, in tenths of all of it, with a log of mostly chat and receipts (measured by
 * `bench rebuild`). What is not here is little.
 */
const weights: Readonly<Record<string, number>> = {
  messages: 4,
  cursors: 2,
  wallet: 2,
  packets: 1,
  commands: 1,
};

/**
 * Deals projections out to so many workers, the heaviest first, each to the one who has the least so far. Those that
 * read the same streams go together, so that each stream is read once; whoever has the heaviest also gets those that
 * read everything.
 */
export function dealOut(
  projections: readonly Projection[],
  workers: number,
): readonly (readonly Projection[])[] {
  const weightOf = (projection: Projection): number => weights[projection.name] ?? 0.5;
  const bundles = new Map<string, Projection[]>();
  for (const projection of projections) {
    const streams = projection.streamPrefixes.length > 1 ? '' : projection.streamPrefixes.join();
    bundles.set(streams, [...(bundles.get(streams) ?? []), projection]);
  }
  const weigh = (bundle: readonly Projection[]): number =>
    bundle.reduce((sum, one) => sum + weightOf(one), 0);
  const readsAll = bundles.get('') ?? [];
  bundles.delete('');
  const heaviestFirst = [...bundles.values()].sort((one, other) => weigh(other) - weigh(one));
  const [heaviest = [], ...others] = heaviestFirst;
  const hands = Array.from({ length: workers }, (_, hand) => (hand === 0 ? [...heaviest, ...readsAll] : []));
  for (const bundle of others) {
    const lightest = hands.reduce((least, hand) => (weigh(hand) < weigh(least) ? hand : least));
    lightest.push(...bundle);
  }
  return hands.filter((hand) => hand.length > 0);
}
