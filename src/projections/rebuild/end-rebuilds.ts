import type pg from 'pg';
import { limits } from '../../config/limits.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Generation } from '../generations.ts';
import { dropGeneration, loadGenerations } from '../generations.ts';
import { abortRebuild } from './abort-rebuild.ts';
import { RebuildUnderWay, withRebuildLocks } from './rebuild-lock.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';

/**
 * What became of the rebuild of one projection: `aborted` by us; `swapped` in before it could be; `ending`, as soon as
 * its present step is over; or there was `none`, and what a killed one had left was `dropped`, if anything.
 */
export interface EndedRebuild {
  readonly projection: string;
  readonly kind: 'aborted' | 'swapped' | 'ending' | 'dropped' | 'none';
}

/**
 * Ends the rebuilds of these projections that are under way in any process, and drops what killed ones left. The live
 * rows are never touched. Waits at most `limits.cli.abortMsMax` for those who are at it. Throws the signal's reason.
 */
export async function endRebuilds(
  pool: pg.Pool,
  runtime: Pick<Runtime, 'clock' | 'timers'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly EndedRebuild[]> {
  const underWay = new Map<string, Set<number>>();
  const ended = new Map<string, EndedRebuild['kind']>();
  const untilMs = runtime.clock.monotonicMs() + limits.cli.abortMsMax;
  // All are told before one is waited for: one process may be at several, and ends them together.
  for (;;) {
    for (const name of names) {
      if (ended.has(name)) continue;
      const left = await dropLeftovers(pool, name);
      if (left === 'under way') {
        const shadows = underWay.get(name) ?? new Set();
        for (const { number } of await abortRebuild(pool, name)) shadows.add(number);
        underWay.set(name, shadows);
      } else {
        const shadows = underWay.get(name);
        const isLive = left.live !== undefined && shadows?.has(left.live) === true;
        const whenAlone = left.dropped > 0 ? 'dropped' : 'none';
        ended.set(name, shadows === undefined ? whenAlone : isLive ? 'swapped' : 'aborted');
      }
    }
    if (ended.size === names.length || runtime.clock.monotonicMs() >= untilMs) break;
    await runtime.timers.sleep(limits.cli.abortPollMs, signal);
    signal.throwIfAborted();
  }
  return names.map((projection) => ({ projection, kind: ended.get(projection) ?? 'ending' }));
}

/** Drops all generations but the live one, unless somebody is filling them. */
async function dropLeftovers(
  pool: pg.Pool,
  name: string,
): Promise<{ readonly dropped: number; readonly live: number | undefined } | 'under way'> {
  try {
    return await withRebuildLocks(pool, [name], async () => {
      const generations = await loadGenerations(sqlOn(pool), name);
      const leftovers = generations.filter(({ state }) => state !== 'live');
      for (const generation of leftovers) await drop(pool, generation);
      const live = generations.find(({ state }) => state === 'live');
      return { dropped: leftovers.length, live: live?.number };
    });
  } catch (error) {
    if (error instanceof RebuildUnderWay) return 'under way';
    throw error;
  }
}

function drop(pool: pg.Pool, generation: Generation): Promise<void> {
  const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
  return inTransaction(pool, settings, (tx) => dropGeneration(tx, generation));
}
