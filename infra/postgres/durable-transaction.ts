import type pg from 'pg';
import { isUnanswered } from '../../src/runtime/sql-errors.ts';

/**
 * Runs `work` in a transaction that is on disk when this resolves, whatever the session's default says about
 * waiting for it. Rolls back and rethrows when `work` fails.
 */
export async function durableTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('begin; set local synchronous_commit to on');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that waits for an answer, or cannot roll back, must not go back into the pool.
    isBroken =
      isUnanswered(error) ||
      (await client.query('rollback').then(
        () => false,
        () => true,
      ));
    throw error;
  } finally {
    client.release(isBroken);
  }
}
