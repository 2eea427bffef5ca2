import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../../src/config/operator-error.ts';
import type { RandomSource } from '../../../src/runtime/runtime.ts';
import { writeFileAtomically } from '../../supervisor/write-file-atomically.ts';
import { type EngineUser, engineUser } from './engine-user.ts';
import { makeOwnFolder, publicFolder } from './public-folder.ts';
import { firstClosedFolder } from './reach.ts';

/**
 * Where a database cluster lives and who runs it.
 *
 * Ordinarily that is `<folder>/cluster`, run by ourselves. Root has to run it as another user; when that user
 * cannot reach the folder (a clone under a home of mode 0700), the cluster is put into a public place instead,
 * and the two point at each other: `<folder>/location` names the place, and `<place>/owner` names the folder.
 * So a folder that was copied is told apart from one that was moved, and two folders never share a cluster.
 * The cluster itself is open to its user alone (mode 0700), wherever it is.
 */
export interface Placement {
  readonly user: EngineUser | undefined;
  /** Holds the cluster, and for a moment its draft and the password file of `initdb`. */
  readonly folder: string;
  readonly cluster: string;
}

/** Finds or chooses the place of the cluster that belongs to `folder`, which must exist. */
export function placeCluster(folder: string, random: RandomSource): Placement {
  const user = engineUser();
  const inPlace = { user, folder, cluster: join(folder, 'cluster') };
  if (user === undefined) return inPlace;

  const recorded = recordedLocation(folder);
  if (recorded !== undefined) return placementIn(adopt(recorded, folder), user);

  const owner = lstatSync(inPlace.cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) {
    // The cluster exists. PostgreSQL insists that its folder belongs to the user that runs it.
    const ownerUser = { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
    const closed = firstClosedFolder(folder, ownerUser);
    if (closed === undefined) return { ...inPlace, user: ownerUser };
    throw new OperatorError(
      `The database in ${inPlace.cluster} belongs to ${ownerUser.name}, who may not enter ${closed}. ` +
        `Allow it with \`chmod o+x ${closed}\`, or start as that user.`,
    );
  }
  if (firstClosedFolder(folder, user) === undefined) return inPlace;

  const place = newPlace(folder, random);
  writeFileAtomically(join(folder, 'location'), `${place}\n`, 0o600);
  return placementIn(place, user);
}

/** Removes the cluster of `folder` wherever it is. Nothing may be running on it. */
export function removeCluster(folder: string): void {
  const recorded = recordedLocation(folder);
  if (recorded !== undefined && ownerOf(recorded) === realpathSync(folder)) {
    rmSync(recorded, { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Makes an empty folder that only the cluster's user may enter. */
export function makeFolderFor(user: EngineUser | undefined, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
}

function placementIn(place: string, user: EngineUser): Placement {
  const cluster = join(place, 'cluster');
  const owner = lstatSync(cluster, { throwIfNoEntry: false });
  const runsAs =
    owner && owner.uid !== 0 ? { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid } : user;
  return { user: runsAs, folder: place, cluster };
}

/** Named after the folder and a random part, so that no one can have put something there beforehand. */
function newPlace(folder: string, random: RandomSource): string {
  const path = realpathSync(folder);
  const name = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const suffix = Buffer.from(random.bytes(6)).toString('hex');
  const place = join(publicFolder(), `cluster-${name}-${suffix}`);
  makeOwnFolder(place, 0o711);
  writeFileAtomically(join(place, 'owner'), `${path}\n`, 0o600);
  return place;
}

function adopt(place: string, folder: string): string {
  if (!existsSync(place)) {
    throw new OperatorError(
      `The database of ${folder} is kept in ${place}, which is gone. Restore it from a backup; ` +
        `or, to begin with an empty database, delete ${folder}.`,
    );
  }
  if (statSync(place).uid !== process.getuid?.()) {
    throw new OperatorError(
      `The database of ${folder} is kept in ${place}, which belongs to somebody else now.`,
    );
  }
  const path = realpathSync(folder);
  const owner = ownerOf(place);
  if (owner === path) return place;
  if (owner !== undefined && recordedLocation(owner) === place) {
    throw new OperatorError(
      `${folder} is a copy of ${owner}, whose database is kept in ${place} and cannot be shared. ` +
        `To begin with an empty database, delete ${folder}.`,
    );
  }
  writeFileAtomically(join(place, 'owner'), `${path}\n`, 0o600);
  return place;
}

const recordedLocation = (folder: string): string | undefined => readLine(join(folder, 'location'));
const ownerOf = (place: string): string | undefined => readLine(join(place, 'owner'));

function readLine(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
