import type pg from 'pg';
import type { LogWitness } from '../../src/commands/log-witness.ts';

/**
 * How far read models and process managers had got, in every generation and whoever they are: none of them keeps a
 * checkpoint beyond the log's newest event.
 */
export function createLogWitness(pool: pg.Pool): LogWitness {
  return {
    async newestSeen(epoch) {
      const { rows } = await pool.query<{ seen: string }>(
        `select coalesce(max(position), -1)::text as seen from (
           select position::numeric from projection.checkpoint where epoch = $1
           union all
           select position from hongbao_write.follower_checkpoint where epoch::text = $1
         ) as seen`,
        [epoch],
      );
      return BigInt(rows[0]?.seen ?? -1);
    },
  };
}
