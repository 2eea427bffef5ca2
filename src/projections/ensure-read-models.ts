import type pg from 'pg';
import { allProjections } from './all-projections.ts';
import { ensureFirstGeneration } from './generations.ts';
import { inTransaction } from './transaction.ts';

/**
 * Makes the tables and views that queries read, empty, where there are none yet. Several processes may call it at
 * once. Whoever reads before the first projector runs then finds nothing instead of failing.
 */
export async function ensureReadModels(pool: pg.Pool, epoch: string): Promise<void> {
  for (const projection of allProjections) {
    await inTransaction(pool, {}, (tx) => ensureFirstGeneration(tx, projection, epoch));
  }
}
