import { type Migration, migrationLabel, ownMigrations } from '../../../../infra/postgres/own-migrations.ts';
import {
  type AppliedMigration,
  MigrationMismatch,
  pendingMigrations,
} from '../../../../infra/postgres/pending-migrations.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { skippedWithout } from '../with-engine.ts';

/** Whether the database has this program's schema. */
export const migrationsCheck: Check = {
  name: 'migrations',
  async look({ database }) {
    const reach = await database();
    if (reach.kind !== 'there') return [skippedWithout('database', reach)];
    const pool = reach.it;
    const record = await pool.query<{ exists: boolean }>(
      "select to_regclass('hongbao_core.migration') is not null as exists",
    );
    if (record.rows[0]?.exists !== true) return [judgeMigrations(ownMigrations(), [])];
    const applied = await pool.query<AppliedMigration>(
      'select number, name, checksum from hongbao_core.migration order by number',
    );
    return [judgeMigrations(ownMigrations(), applied.rows)];
  },
};

export function judgeMigrations(own: readonly Migration[], applied: readonly AppliedMigration[]): Finding {
  try {
    const pending = pendingMigrations(own, applied);
    if (pending.length === 0) return ok(`All ${own.length} migrations are applied.`);
    return warning(
      applied.length === 0
        ? 'The database is empty: no migration is applied.'
        : `Not applied yet: ${pending.map(migrationLabel).join(', ')}.`,
      'The next start applies them; `hongbao migrate` does so alone.',
    );
  } catch (error) {
    if (!(error instanceof MigrationMismatch)) throw error;
    return problem(error.message, 'Run the version of hongbao that this database belongs to.');
  }
}
