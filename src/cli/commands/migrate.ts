import { migrate } from '../../../infra/postgres/migrate.ts';
import type { Settings } from '../../config/settings.ts';
import { printLine } from '../output.ts';
import { withDatabase } from '../with-database.ts';

/**
 * `hongbao migrate`: brings the database to this program's schema and does nothing else: no key is made, no
 * account, no read model. That is the database that the vault's rows are restored into.
 */
export async function migrateCommand(settings: Settings, json: boolean): Promise<void> {
  const applied = await withDatabase(settings, migrate);
  if (json) {
    printLine(JSON.stringify({ applied }));
    return;
  }
  for (const migration of applied) printLine(`applied ${migration}`);
  if (applied.length === 0) printLine('Nothing to apply: the database has every migration.');
}
