import { createGeneration, ensureFirstGeneration } from '../generations.ts';
import type { Projection } from '../projection.ts';
import { readSkips } from '../read-skips.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';
import { assertNotAhead } from './compare-with-live.ts';
import { dropLeftovers } from './drop-quietly.ts';
import { lastOf, liveCut } from './log-cut.ts';
import type { RebuildContext } from './rebuild-context.ts';
import { ShadowWriter } from './shadow-writer.ts';

/**
 * Makes an empty shadow beside the live generation, and drops what killed rebuilds left. Throws `LiveRowsAhead` when
 * it is to be compared with rows that are further than the log.
 */
export async function makeShadow(
  context: RebuildContext,
  projection: Projection,
  epoch: string,
): Promise<ShadowWriter> {
  const { deps, options } = context;
  const { log, pool, partitions, runtime } = deps;
  await inTransaction(pool, {}, (tx) => ensureFirstGeneration(tx, projection, epoch, partitions));
  // Now, and not only when hours of copying are over.
  if (options.compare === true) {
    assertNotAhead(projection.name, lastOf(await liveCut(sqlOn(pool), projection.name)), await log.head());
  }
  await dropLeftovers(context, projection);
  const generation = await inTransaction(pool, {}, (tx) =>
    createGeneration(tx, projection, epoch, 'shadow', partitions),
  );
  const skips = await readSkips(log, projection.name);
  return new ShadowWriter(pool, { projection, generation, epoch, skips }, runtime.clock.nowMs());
}
