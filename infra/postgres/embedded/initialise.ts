import { execFile } from 'node:child_process';
import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runAs } from './engine-user.ts';
import { makeFolderFor, type Placement } from './placement.ts';

/**
 * Makes the cluster when it is not there yet. It is made as a draft and renamed when complete, so that a crash
 * in the middle leaves nothing that looks like a database.
 *
 * Passwords (SCRAM) on every way in, page checksums (PostgreSQL 18's default), UTF-8, and the `builtin` locale
 * provider: its order of text never changes with the system's libraries, so indexes survive an upgrade.
 */
export async function initialiseCluster(
  placement: Placement,
  initdb: string,
  adminPassword: string,
  durable: boolean,
): Promise<void> {
  if (existsSync(placement.cluster)) return;
  const { user } = placement;
  const draft = join(placement.folder, 'cluster.draft');
  const passwordFile = join(placement.folder, 'initdb.password');
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  makeFolderFor(user, draft);
  try {
    writeFileSync(passwordFile, adminPassword, { mode: 0o600, flag: 'wx' });
    if (user) chownSync(passwordFile, user.uid, user.gid);
    const options = [
      ['--pgdata', draft],
      ['--username', 'postgres'],
      ['--pwfile', passwordFile],
      ['--auth', 'scram-sha-256'],
      ['--encoding', 'UTF8'],
      ['--locale-provider', 'builtin'],
      ['--builtin-locale', 'C.UTF-8'],
      ['--no-locale'],
      ['--no-instructions'],
      durable ? [] : ['--no-sync'],
    ].flat();
    await promisify(execFile)(initdb, options, { cwd: '/', env: engineEnvironment(), ...runAs(user) });
    renameSync(draft, placement.cluster);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** What PostgreSQL's programs need of our environment: not its PG* variables, which would change what they do. */
export function engineEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR } = process.env;
  return { ...(PATH ? { PATH } : {}), ...(TMPDIR ? { TMPDIR } : {}), LC_ALL: 'C', TZ: 'UTC' };
}
