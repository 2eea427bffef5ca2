import { limits } from '../../config/limits.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Generation } from '../generations.ts';
import { boundedTail } from './bounded-tail.ts';
import { copyHere, type RebuildContext } from './rebuild-context.ts';
import { RebuildAborted } from './rebuild-errors.ts';
import { refuseOtherSkips } from './refuse-other-skips.ts';
import type { ShadowWriter } from './shadow-writer.ts';
import { swapGeneration } from './swap-generation.ts';

/**
 * Copies the last tail and swaps a shadow in, as often as it takes. Answers the generation that was live before.
 * Throws `RebuildAborted` when the shadow was taken away, `OtherSkips`, and the signal's reason.
 */
export async function swapIn(context: RebuildContext, writer: ShadowWriter): Promise<Generation> {
  const { log, pool, runtime } = context.deps;
  const { signal } = context.options;
  const { swapTriesMax, retryDelayMsMin, retryDelayMsMax } = limits.projections;
  const { projection, generation } = writer;
  let tables = projection.tables;
  for (let attempt = 1; attempt <= swapTriesMax; attempt++) {
    await copyHere(context, [writer], await log.head());
    context.meter.enter('swap', [projection.name]);
    const tail = boundedTail(runtime.timers, (position) => copyHere(context, [writer], position));
    const deps = {
      pool,
      clock: runtime.clock,
      head: () => log.head(),
      catchUp: tail.catchUp,
      assertUsable: () => refuseOtherSkips(log, writer),
    };
    const outcome = await swapGeneration(deps, projection, tables, generation).finally(tail.ended);
    if (outcome.kind === 'swapped') return outcome.before;
    if (outcome.kind === 'gone') throw new RebuildAborted('the shadow was taken away');
    if (outcome.kind === 'in-use') tables = withFirst(tables, outcome.table);
    const delayMs = backoffMs(attempt - 1, retryDelayMsMin, retryDelayMsMax, runtime.random);
    await runtime.timers.sleep(delayMs, signal);
    signal?.throwIfAborted();
  }
  throw new Error(`${projection.name} could not be swapped in: its tables are in use all the time`);
}

/** Whoever takes first what reads take first meets no read that has it and waits for more: this order is learnt. */
function withFirst(tables: readonly string[], first: string | undefined): readonly string[] {
  return first === undefined ? tables : [first, ...tables.filter((table) => table !== first)];
}
