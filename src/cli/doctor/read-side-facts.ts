import type pg from 'pg';

/** Whether there is such a table or view. `name` is our own, with its schema. */
export async function tableExists(pool: pg.Pool, name: string): Promise<boolean> {
  const { rows } = await pool.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    name,
  ]);
  return rows[0]?.exists === true;
}

/** Whether a process is connected that keeps read models or ends packets: this one, or one elsewhere. */
export async function someoneProjects(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ connected: boolean }>(
    `select exists (
       select from pg_stat_activity
       where datname = current_database() and application_name = 'hongbao projections') as connected`,
  );
  return rows[0]?.connected === true;
}
