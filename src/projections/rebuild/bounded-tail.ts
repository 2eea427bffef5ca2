import type { Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { Timers } from '../../runtime/runtime.ts';

/** A copy that is waited for only so long. */
export interface BoundedTail {
  /**
   * Copies up to `position`. False when that took longer than `limits.projections.swapHoldMsMax`: the copy goes
   * on then, and `ended` says when it is over. Throws what the copy throws.
   */
  catchUp(position: Position): Promise<boolean>;
  /** Resolves when no copy is under way any more; throws what a copy threw. */
  ended(): Promise<unknown>;
}

/** Makes a bounded copy of one that takes what it takes. */
export function boundedTail(
  timers: Pick<Timers, 'sleep'>,
  copy: (position: Position) => Promise<unknown>,
): BoundedTail {
  let copying: Promise<unknown> = Promise.resolve();
  return {
    async catchUp(position) {
      copying = copy(position);
      // Whoever awaits `ended` gets the error; until then it must not count as unhandled.
      copying.catch(() => undefined);
      const isOver = new AbortController();
      const tooLong = timers.sleep(limits.projections.swapHoldMsMax, isOver.signal).then(() => false);
      try {
        return await Promise.race([copying.then(() => true), tooLong]);
      } finally {
        isOver.abort();
      }
    },
    ended: () => copying,
  };
}
