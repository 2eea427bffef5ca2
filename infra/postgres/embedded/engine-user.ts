import type { SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { OperatorError } from '../../../src/config/operator-error.ts';

/** The operating-system user that PostgreSQL runs as. */
export interface EngineUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Unprivileged users in order of preference; `nobody` is there on practically every system. */
const candidates = ['postgres', 'hongbao', 'nobody', 'daemon'];

/**
 * The user that PostgreSQL has to run as, or `undefined` when that is ourselves.
 *
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged user of the system. `initdb` looks
 * its user up by id, which is why a made-up id would not do.
 */
export function engineUser(): EngineUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = parsePasswd(readFileSync('/etc/passwd', 'utf8'));
  for (const name of candidates) {
    const user = users.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (user) return user;
  }
  throw new OperatorError(
    `PostgreSQL does not run as root, and none of the users ${candidates.join(', ')} exists to run it. ` +
      'Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server that runs elsewhere.',
  );
}

/** The users in the text of a passwd file; malformed lines are left out. */
export function parsePasswd(text: string): EngineUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (!name || !uid || !gid || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/** The part of `child_process` options that makes a child run as `user`. */
export function runAs(user: EngineUser | undefined): Pick<SpawnOptions, 'uid' | 'gid'> {
  return user ? { uid: user.uid, gid: user.gid } : {};
}
