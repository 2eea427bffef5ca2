import { limits } from '../../config/limits.ts';
import type { Generation } from '../generations.ts';
import { dropGeneration, loadGenerations } from '../generations.ts';
import type { Projection } from '../projection.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';
import type { RebuildContext } from './rebuild-context.ts';

/** Drops a generation that is not live. Never throws: the next rebuild drops what is left. */
export async function dropQuietly(
  { deps: { pool, logger }, meter }: RebuildContext,
  generation: Generation,
): Promise<void> {
  meter.enter('drop', [generation.name]);
  const settings = { lockTimeoutMs: limits.projections.lockTimeoutMs };
  try {
    await inTransaction(pool, settings, (tx) => dropGeneration(tx, generation));
  } catch (error) {
    const { name, number } = generation;
    logger.warn({ err: error, projection: name, number }, 'an old generation is still there');
  }
}

/** Drops what killed rebuilds of the projection left. */
export async function dropLeftovers(context: RebuildContext, { name }: Projection): Promise<void> {
  for (const generation of await loadGenerations(sqlOn(context.deps.pool), name)) {
    if (generation.state !== 'live') await dropQuietly(context, generation);
  }
}
