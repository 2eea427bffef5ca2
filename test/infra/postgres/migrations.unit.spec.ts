import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driftFrom, migrationRecord } from '../../../infra/postgres/migration-record.ts';
import { migrationsFolder, ownMigrations, readMigrations } from '../../../infra/postgres/own-migrations.ts';

const record = readFileSync(join(migrationsFolder, 'checksums.txt'), 'utf8');

describe('the migrations of this program', () => {
  it('are those that were recorded when they landed', () => {
    expect(driftFrom(record, ownMigrations())).toEqual([]);
  });

  it('are all recorded (node scripts/record-schema.ts)', () => {
    expect(record).toBe(migrationRecord(ownMigrations()));
  });
});

describe('the record of migrations', () => {
  const [first, second, ...others] = ownMigrations();

  it('tells of one that was edited', () => {
    const edited = { ...second!, checksum: 'another' };
    expect(driftFrom(record, [first!, edited, ...others])).toEqual([
      expect.stringContaining('0002_vault has landed and was edited'),
    ]);
  });

  it.each([
    ['is gone', []],
    ['has another name', [{ ...second!, name: 'safe' }]],
  ])('tells of one that %s', (_what, instead) => {
    expect(driftFrom(record, [first!, ...instead, ...others])).toEqual([
      expect.stringContaining('0002_vault has landed and is gone'),
    ]);
  });

  it('has nothing to say of a new one', () => {
    const added = { number: 99, name: 'new', sql: '', checksum: 'new' };
    expect(driftFrom(record, [...ownMigrations(), added])).toEqual([]);
  });
});

describe('a folder of migrations', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hongbao-migrations-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (...names: string[]): void => {
    for (const name of names) writeFileSync(join(folder, name), 'select 1');
  };

  it('is read by number', () => {
    write('0002_b.sql', '0001_a.sql', 'checksums.txt');
    expect(readMigrations(folder).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([
    ['a number twice', ['0001_a.sql', '0001_b.sql'], 'Two migrations have the number 1'],
    ['a gap', ['0001_a.sql', '0003_c.sql'], 'There is no migration 2 before 0003_c'],
    ['no first one', ['0002_b.sql'], 'There is no migration 1 before 0002_b'],
    ['a name of another kind', ['1-a.sql'], '1-a.sql is not named like 0001_core.sql'],
  ])('is refused with %s', (_what, names, complaint) => {
    write(...names);
    expect(() => readMigrations(folder)).toThrow(complaint);
  });
});
