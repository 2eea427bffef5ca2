import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import { OperatorError } from '../../src/config/operator-error.ts';

/** One numbered step of the schema. Steps only go forward; one that was released is never edited. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hex. */
  readonly checksum: string;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/** A migration could not be applied; those before it were. The message has the database's own words. */
class MigrationFailed extends OperatorError {
  override readonly name = 'MigrationFailed';
}

/** The database and this program disagree about what the schema is. The message says what to do. */
export class MigrationMismatch extends OperatorError {
  override readonly name = 'MigrationMismatch';
}

/** The migrations of this program: `migrations/NNNN_name.sql`, by number. */
function ownMigrations(): Migration[] {
  return readMigrations(fileURLToPath(new URL('migrations/', import.meta.url)));
}

/** Reads `NNNN_name.sql` files. Throws when a name is malformed or a number is used twice. */
function readMigrations(folder: string): Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file): Migration => {
      const [, number, name] = /^(\d{4})_([a-z0-9-]+)\.sql$/.exec(file) ?? [];
      if (number === undefined || name === undefined) {
        throw new Error(`${file} is not named like 0001_core.sql (four digits, _, kebab-case)`);
      }
      const sql = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n');
      return { number: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    })
    .sort((a, b) => a.number - b.number);
  for (const [index, migration] of migrations.entries()) {
    const before = migrations[index - 1];
    if (before?.number === migration.number) {
      throw new Error(
        `Two migrations have the number ${migration.number}: ${before.name}, ${migration.name}`,
      );
    }
  }
  return migrations;
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
    await client.query(`select pg_advisory_lock(hashtextextended('hongbao migrations', 0))`);
    const pending = pendingMigrations(migrations, await appliedMigrations(client));
    for (const migration of pending) {
      await apply(client, migration);
      logger.info({ migration: migration.number, name: migration.name }, 'applied a migration');
    }
    return pending.map(label);
  } finally {
    client.release(true);
  }
}

/** What is still to be applied, in order. Throws `MigrationMismatch` as `migrate` does. */
function pendingMigrations(known: readonly Migration[], applied: readonly Applied[]): Migration[] {
  for (const done of applied) {
    const own = known.find((migration) => migration.number === done.number);
    if (!own) {
      throw new MigrationMismatch(
        `The database has migration ${label(done)}, which this program does not know: it was used by a newer ` +
          'version. Start that version, or restore a backup from before.',
      );
    }
    if (own.checksum !== done.checksum) {
      throw new MigrationMismatch(
        `Migration ${label(own)} was edited after the database applied it (as ${label(done)}). Put the file ` +
          'back as it was and write the change as a new migration.',
      );
    }
  }
  const newest = Math.max(0, ...applied.map((done) => done.number));
  const pending = known.filter((migration) => !applied.some((done) => done.number === migration.number));
  const late = pending.find((migration) => migration.number < newest);
  if (late) {
    throw new MigrationMismatch(
      `Migration ${label(late)} is numbered before ${newest}, which the database already has. ` +
        `Give it a number above ${newest}.`,
    );
  }
  return pending;
}

const label = (migration: Pick<Migration, 'number' | 'name'>): string =>
  `${String(migration.number).padStart(4, '0')}_${migration.name}`;

async function appliedMigrations(client: pg.PoolClient): Promise<Applied[]> {
  await client.query(`
    create schema if not exists hongbao_core;
    create table if not exists hongbao_core.migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
  const { rows } = await client.query<Applied>(
    'select number, name, checksum from hongbao_core.migration order by number',
  );
  return rows;
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query('insert into hongbao_core.migration (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // the connection may be what failed
    const why = error instanceof Error ? error.message : error;
    throw new MigrationFailed(`Migration ${label(migration)} failed: ${why}`, { cause: error });
  }
}
