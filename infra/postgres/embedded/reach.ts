import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EngineUser } from './engine-user.ts';

interface Access {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * The first folder on the way to `folder` (itself included) that `user` may not enter, or `undefined` when it
 * can get there. Judged by the permission bits: an access list that grants more is not seen, which only means
 * that a reachable folder is taken for one that is not.
 */
export function firstClosedFolder(folder: string, user: EngineUser): string | undefined {
  const path = realpathSync(folder);
  const way = [path];
  for (let at = path; dirname(at) !== at; at = dirname(at)) way.unshift(dirname(at));
  return way.find((step) => !mayEnter(statSync(step), user));
}

/** Whether `user`, with no further groups, may pass through a folder with these owners and mode. */
export function mayEnter(folder: Access, user: Pick<EngineUser, 'uid' | 'gid'>): boolean {
  if (folder.uid === user.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === user.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}
