import type pg from 'pg';
import type { FollowerCheckpoints } from '../../src/commands/process-managers/follower-checkpoints.ts';

/** How far each process manager is. Losing it costs work only: everything they do is done once anyway. */
export function createFollowerCheckpointStore(pool: pg.Pool): FollowerCheckpoints {
  return {
    async load(name, epoch) {
      const { rows } = await pool.query<{ position: string }>(
        'select position from hongbao_write.follower_checkpoint where name = $1 and epoch = $2',
        [name, epoch],
      );
      const row = rows[0];
      return row === undefined ? undefined : BigInt(row.position);
    },

    async save(name, epoch, position) {
      await pool.query(
        `insert into hongbao_write.follower_checkpoint as kept (name, epoch, position) values ($1, $2, $3)
         on conflict (name, epoch) do update set position = excluded.position
         where kept.position < excluded.position`,
        [name, epoch, position.toString()],
      );
    },
  };
}
