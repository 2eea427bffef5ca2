import type pg from 'pg';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { AnswerBound } from '../../src/projections/sql.ts';
import { type Migration, migrationLabel, ownMigrations } from './own-migrations.ts';
import { type AppliedMigration, pendingMigrations } from './pending-migrations.ts';

/** A migration could not be applied; those before it were. The message has the database's own words. */
class MigrationFailed extends OperatorError {
  override readonly name = 'MigrationFailed';
}

/**
 * Brings the database to this program's schema and returns what it applied, as `0001_core`. Several processes may
 * call it at once: one works, the others wait and then find nothing to do. Each migration is one transaction
 * with the record of it, so a crash leaves whole migrations only.
 *
 * @throws MigrationMismatch when an applied migration was edited since, is unknown here (the database is newer
 * than the program), or when a new one is numbered before an applied one. Nothing is changed then.
 * MigrationFailed when the database refuses one.
 */
export async function migrate(
  pool: pg.Pool,
  logger: Logger,
  migrations: readonly Migration[] = ownMigrations(),
): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0');
    await client.query(`set lock_timeout = ${limits.postgres.migrationLockMs}`);
    // Held by the session, so that it spans all transactions and goes with the connection.
    await client.query(patiently(`select pg_advisory_lock(hashtextextended('hongbao migrations', 0))`));
    const pending = pendingMigrations(migrations, await appliedMigrations(client));
    for (const migration of pending) {
      await apply(client, migration);
      logger.info({ migration: migration.number, name: migration.name }, 'applied a migration');
    }
    return pending.map(migrationLabel);
  } finally {
    client.release(true);
  }
}

/** Another process's migrations, or a large table, take as long as they take. */
function patiently(text: string): pg.QueryConfig & AnswerBound {
  return { text, query_timeout: limits.postgres.patientAnswerMs };
}

async function appliedMigrations(client: pg.PoolClient): Promise<AppliedMigration[]> {
  await client.query(`
    create schema if not exists hongbao_core;
    create table if not exists hongbao_core.migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
  const { rows } = await client.query<AppliedMigration>(
    'select number, name, checksum from hongbao_core.migration order by number',
  );
  return rows;
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(patiently(migration.sql));
    await client.query('insert into hongbao_core.migration (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // the connection may be what failed
    const why = error instanceof Error ? error.message : error;
    throw new MigrationFailed(`Migration ${migrationLabel(migration)} failed: ${why}`, { cause: error });
  }
}
