import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { OperatorError } from '../../../src/config/operator-error.ts';

/**
 * A folder outside every home that any user may enter and only we may write: the place for what PostgreSQL's
 * user cannot reach where it is. Created when missing.
 *
 * `/var/lib/hongbao` for root: systems empty `/var/tmp` of files that nobody touched for a month, which a
 * database would not survive. `/var/tmp` is the fallback where `/var/lib` cannot be written.
 */
export function publicFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const places = uid === 0 ? ['/var/lib/hongbao', '/var/tmp/hongbao'] : [`/var/tmp/hongbao-${uid}`];
  const problems: string[] = [];
  for (const place of places) {
    try {
      makeOwnFolder(place, 0o755);
      return place;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new OperatorError(
    `The embedded PostgreSQL needs a folder that its user can reach, and none could be made: ${problems.join('; ')}`,
  );
}

/**
 * Creates `folder` or checks that the one there is a real folder of ours that nobody else may write: `/var/tmp`
 * belongs to everybody, so somebody else may have put one there first.
 */
export function makeOwnFolder(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
    chmodSync(folder, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(folder);
  const others = found.mode & 0o022;
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? 0) || others !== 0) {
    throw new OperatorError(`${folder} exists and is not a folder that only its owner, this user, may write`);
  }
}
