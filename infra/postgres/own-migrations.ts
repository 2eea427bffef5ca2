import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One numbered step of the schema. Steps only go forward; one that was released is never edited. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hex. */
  readonly checksum: string;
}

/** Where the migrations of this program are: `NNNN_name.sql`. */
export const migrationsFolder = fileURLToPath(new URL('migrations/', import.meta.url));

/** The migrations of this program, by number. */
export function ownMigrations(): Migration[] {
  return readMigrations(migrationsFolder);
}

/** Reads `NNNN_name.sql` files. Throws when a name is malformed, or the numbers are not 1, 2, 3 ... */
export function readMigrations(folder: string): Migration[] {
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
    if (migration.number !== index + 1) {
      throw new Error(`There is no migration ${index + 1} before ${migrationLabel(migration)}`);
    }
  }
  return migrations;
}

/** `0001_core`: how people are told of a migration. */
export function migrationLabel(migration: Pick<Migration, 'number' | 'name'>): string {
  return `${String(migration.number).padStart(4, '0')}_${migration.name}`;
}
