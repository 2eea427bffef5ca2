import { type Migration, migrationLabel } from './own-migrations.ts';

/** The record of landed migrations: a line `<SHA-256>  <0001_core>` for each, in order. */
export function migrationRecord(migrations: readonly Migration[]): string {
  return migrations.map((migration) => `${migration.checksum}  ${migrationLabel(migration)}\n`).join('');
}

/** What became of landed migrations since they were recorded: one sentence for each that is not as it was. */
export function driftFrom(record: string, migrations: readonly Migration[]): string[] {
  const landed = record.split('\n').filter((line) => line !== '');
  return landed.flatMap((line) => {
    const [checksum = '', name = ''] = line.split(/ +/);
    const now = migrations.find((migration) => migrationLabel(migration) === name);
    if (now === undefined) return [`Migration ${name} has landed and is gone: put its file back.`];
    if (now.checksum === checksum) return [];
    return [`Migration ${name} has landed and was edited: put it back, and write the change as a new one.`];
  });
}
