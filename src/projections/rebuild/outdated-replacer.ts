import { limits } from '../../config/limits.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Projection } from '../projection.ts';
import type { ProjectionFailure } from '../projection-failure.ts';
import { rebuildFailure } from '../projection-failure.ts';
import type { RebuildDeps } from './rebuild-context.ts';
import { rebuild } from './rebuild.ts';
import { RebuildUnderWay } from './rebuild-lock.ts';

interface FailedTry {
  readonly failures: number;
  /** Monotonic ms. */
  readonly againAtMs: number;
  /** `undefined`: another process is at it. */
  readonly failure: ProjectionFailure | undefined;
}

/**
 * Rebuilds the generations that another version of the code filled, beside everything else: with one pass over
 * the log for all at first; those that failed again later, each alone, so that one which cannot be rebuilt does
 * not hold up the others. Between two tries of one is a growing delay.
 */
export class OutdatedReplacer {
  readonly #deps: RebuildDeps;
  readonly #failed = new Map<string, FailedTry>();
  readonly #stopping = new AbortController();
  #replacing: Promise<void> | undefined;

  constructor(deps: RebuildDeps) {
    this.#deps = deps;
  }

  /** Why the last try for this projection failed, while it waits for the next one. */
  failureOf(projection: string): ProjectionFailure | undefined {
    return this.#failed.get(projection)?.failure;
  }

  /** Begins what is due of these, unless something is under way. Call it again and again. */
  replace(outdated: readonly Projection[], onReplaced: () => void): void {
    if (this.#replacing !== undefined || this.#stopping.signal.aborted) return;
    const nowMs = this.#deps.runtime.clock.monotonicMs();
    const fresh = outdated.filter(({ name }) => !this.#failed.has(name));
    const again = outdated.filter(({ name }) => (this.#failed.get(name)?.againAtMs ?? Infinity) <= nowMs);
    const tries = [fresh, ...again.map((one) => [one])].filter((projections) => projections.length > 0);
    if (tries.length === 0) return;
    this.#replacing = this.#tryAll(tries, onReplaced).finally(() => {
      this.#replacing = undefined;
    });
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#replacing;
  }

  async #tryAll(tries: readonly (readonly Projection[])[], onReplaced: () => void): Promise<void> {
    for (const projections of tries) {
      const { logger } = this.#deps;
      try {
        const results = await rebuild(this.#deps, projections, { signal: this.#stopping.signal });
        logger.info({ results }, 'rebuilt the projections of another version');
        for (const { name } of projections) this.#failed.delete(name);
        onReplaced();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        for (const { name } of projections) this.#noteFailure(name, error);
        const names = projections.map(({ name }) => name);
        logger.error({ err: error, projections: names }, 'could not rebuild the outdated projections');
      }
    }
  }

  #noteFailure(name: string, error: unknown): void {
    const { clock, random } = this.#deps.runtime;
    const { rebuildRetryDelayMsMin, rebuildRetryDelayMsMax } = limits.projections;
    const failures = (this.#failed.get(name)?.failures ?? 0) + 1;
    const delayMs = backoffMs(failures - 1, rebuildRetryDelayMsMin, rebuildRetryDelayMsMax, random);
    const failure = error instanceof RebuildUnderWay ? undefined : rebuildFailure(name, error);
    this.#failed.set(name, { failures, againAtMs: clock.monotonicMs() + delayMs, failure });
  }
}
