/**
 * Records what the migrations are and what they make, after a new one was written:
 *
 *   node scripts/record-schema.ts
 *
 * Writes infra/postgres/migrations/checksums.txt and infra/postgres/schema.txt. Refuses when a migration that is
 * recorded already has changed: what has landed is not edited.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { removeCluster } from '../infra/postgres/embedded/placement.ts';
import { startKeeper } from '../infra/postgres/embedded/start-keeper.ts';
import { migrate } from '../infra/postgres/migrate.ts';
import { driftFrom, migrationRecord } from '../infra/postgres/migration-record.ts';
import { migrationsFolder, ownMigrations } from '../infra/postgres/own-migrations.ts';
import { createPool } from '../infra/postgres/pool.ts';
import { listSchema } from '../infra/postgres/schema-listing.ts';

const recordFile = join(migrationsFolder, 'checksums.txt');
const schemaFile = join(migrationsFolder, '..', 'schema.txt');
const migrations = ownMigrations();
const drift = existsSync(recordFile) ? driftFrom(readFileSync(recordFile, 'utf8'), migrations) : [];
if (drift.length > 0) {
  console.error(drift.join('\n'));
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'hongbao-schema-'));
chmodSync(folder, 0o711); // PostgreSQL may run as another user
const keeper = await startKeeper({ folder: join(folder, 'postgres'), durable: false });
try {
  const logger = pino({ level: 'silent' });
  const pool = createPool({ databaseUrl: keeper.url, applicationName: 'record schema', logger });
  await migrate(pool, logger);
  writeFileSync(schemaFile, `${(await listSchema(pool)).join('\n')}\n`);
  writeFileSync(recordFile, migrationRecord(migrations));
  await pool.end();
} finally {
  await keeper.stop();
  removeCluster(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}
console.log(`recorded ${migrations.length} migrations and the schema that they make`);
