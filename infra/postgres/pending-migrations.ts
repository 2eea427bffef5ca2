import { OperatorError } from '../../src/config/operator-error.ts';
import { type Migration, migrationLabel } from './own-migrations.ts';

/** A migration as the database remembers it. */
export type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>;

/** The database and this program disagree about what the schema is. The message says what to do. */
export class MigrationMismatch extends OperatorError {
  override readonly name = 'MigrationMismatch';
}

/**
 * What is still to be applied, in order. Pure.
 *
 * @throws MigrationMismatch when an applied migration was edited since, is unknown here (the database is newer
 * than the program), or when a new one is numbered before an applied one.
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  for (const done of applied) {
    const own = known.find((migration) => migration.number === done.number);
    if (!own) {
      throw new MigrationMismatch(
        `The database has migration ${migrationLabel(done)}, which this program does not know: it was used by a newer ` +
          'version. Start that version, or restore a backup from before.',
      );
    }
    if (own.checksum !== done.checksum) {
      throw new MigrationMismatch(
        `Migration ${migrationLabel(own)} was edited after the database applied it (as ${migrationLabel(done)}). Put the file ` +
          'back as it was and write the change as a new migration.',
      );
    }
  }
  const newest = Math.max(0, ...applied.map((done) => done.number));
  const pending = known.filter((migration) => !applied.some((done) => done.number === migration.number));
  const late = pending.find((migration) => migration.number < newest);
  if (late) {
    throw new MigrationMismatch(
      `Migration ${migrationLabel(late)} is numbered before ${newest}, which the database already has. ` +
        `Give it a number above ${newest}.`,
    );
  }
  return pending;
}
