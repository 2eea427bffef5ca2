import type pg from 'pg';
import type { Lease, SharedLeaseStore } from '../../src/runtime/leases.ts';

/**
 * Leases by the database's clock, so that the holders' own clocks do not matter. Taking one that has run out and
 * prolonging one's own are the same statement.
 */
export function createLeaseStore(pool: pg.Pool): SharedLeaseStore {
  return {
    async acquire(name, holder, ttlMs) {
      const { rowCount } = await pool.query(
        `insert into hongbao_core.lease as held (name, owner, expires_at)
         values ($1, $2, now() + $3 * interval '1 millisecond')
         on conflict (name) do update set owner = excluded.owner, expires_at = excluded.expires_at
         where held.owner = excluded.owner or held.expires_at <= now()`,
        [name, holder, ttlMs],
      );
      return rowCount === 1;
    },

    async release(name, holder) {
      await pool.query('delete from hongbao_core.lease where name = $1 and owner = $2', [name, holder]);
    },

    async list(prefix) {
      // What has run out is nobody's. Those of the dead would stay for ever: their names are not used again.
      const { rows } = await pool.query<Lease>(
        `with gone as (
           delete from hongbao_core.lease where name in (
             select name from hongbao_core.lease
             where starts_with(name, $1) and expires_at <= now() for update skip locked)
         )
         select name, owner as holder from hongbao_core.lease
         where starts_with(name, $1) and expires_at > now() order by name`,
        [prefix],
      );
      return rows;
    },
  };
}
