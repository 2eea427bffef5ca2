import { limits } from '../../config/limits.ts';
import { createIndexes, schemaOf } from '../generations.ts';
import { limiter } from '../limiter.ts';
import { sqlOn } from '../sql.ts';
import { inTransaction } from '../transaction.ts';
import type { RebuildContext } from './rebuild-context.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/**
 * Makes the secondary indexes of shadows whose tables are full, and lets the planner know the tables: of
 * `limits.projections.rebuildIndexersMax` at once. When it throws, none is being made any more.
 */
export async function indexShadows(context: RebuildContext, writers: readonly ShadowWriter[]): Promise<void> {
  const limited = limiter(limits.projections.rebuildIndexersMax);
  const failed = new AbortController();
  const ended = await Promise.allSettled(
    writers.map((writer) =>
      limited(async () => {
        failed.signal.throwIfAborted();
        await indexShadow(context, writer).catch((error: unknown) => {
          failed.abort(error);
          throw error;
        });
      }),
    ),
  );
  for (const one of ended) if (one.status === 'rejected') throw failed.signal.reason;
}

async function indexShadow(
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
