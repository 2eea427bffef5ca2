import type pg from 'pg';
import type { Generation } from '../generations.ts';
import { loadGenerations } from '../generations.ts';
import { sqlOn } from '../sql.ts';

/**
 * Makes a rebuild in any process give up: its shadow's checkpoints are taken away, and its next batch fails.
 * Answers the generations that were being filled.
 */
export async function abortRebuild(pool: pg.Pool, projection: string): Promise<readonly Generation[]> {
  const shadows = (await loadGenerations(sqlOn(pool), projection)).filter(({ state }) => state === 'shadow');
  for (const { name, number } of shadows) {
    await sqlOn(pool).execute('delete from projection.checkpoint where name = $1 and generation = $2', [
      name,
      number,
    ]);
  }
  return shadows;
}
