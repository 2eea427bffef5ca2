import { limits } from '../../config/limits.ts';
import { createIndexes, schemaOf } from '../generations.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';
import type { RebuildContext } from './rebuild-context.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/** Makes the secondary indexes of a shadow whose tables are full, and lets the planner know them. */
export async function indexShadow(
  { deps: { pool }, options, meter }: RebuildContext,
  { projection, generation }: ShadowWriter,
): Promise<void> {
  options.signal?.throwIfAborted();
  meter.enter('index', [projection.name]);
  const settings = { statementTimeoutMs: limits.projections.rebuildStatementTimeoutMs };
  await inTransaction(pool, settings, (tx) => createIndexes(tx, projection, generation));
  for (const table of projection.tables) {
    await sqlOn(pool).execute(`analyze ${schemaOf(generation.name, generation.number)}.${table}`);
  }
}
