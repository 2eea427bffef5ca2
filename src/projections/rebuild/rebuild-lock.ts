import type pg from 'pg';
import { sqlOn } from '../sql.ts';

/** Another rebuild of the same projection is under way. */
export class RebuildUnderWay extends Error {
  override readonly name = 'RebuildUnderWay';
}

/**
 * Runs `work` while holding the locks for rebuilding `names`. They belong to a database session, so that they go
 * with a process that is killed. Throws `RebuildUnderWay` when another holds one.
 */
export async function withRebuildLocks<Result>(
  pool: pg.Pool,
  names: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // Losing the session loses the locks; the shadow's compare-and-set still lets only one writer win.
  client.on('error', ignore);
  try {
    for (const name of [...names].sort()) {
      const [row] = await sqlOn(client).query<{ locked: boolean }>(
        `select pg_try_advisory_lock(hashtextextended('rebuild ' || $1, 0)) as locked`,
        [name],
      );
      if (row?.locked !== true) throw new RebuildUnderWay(`${name} is being rebuilt by another process`);
    }
    return await work();
  } finally {
    // Unlocked before anyone can find them taken; ending the session alone would do it a moment later.
    const unlocked = await sqlOn(client)
      .execute('select pg_advisory_unlock_all()')
      .then(
        () => true,
        () => false,
      );
    client.off('error', ignore);
    client.release(!unlocked);
  }
}

/** Which of `names` somebody holds the lock of, in any process. Takes none. */
export async function projectionsUnderRebuild(
  pool: pg.Pool,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  // A lock of 64 bits is shown in two halves.
  const rows = await sqlOn(pool).query<{ name: string }>(
    `select name from unnest($1::text[]) as name
     where hashtextextended('rebuild ' || name, 0) in (
       select classid::bigint << 32 | objid::bigint from pg_locks
       where locktype = 'advisory' and granted and objsubid = 1)`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

function ignore(): void {
  // Deliberately nothing: see withRebuildLocks.
}
