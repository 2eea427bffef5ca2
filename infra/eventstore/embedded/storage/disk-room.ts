import { statfsSync } from 'node:fs';
import { limits } from '../../../../src/config/limits.ts';

/** There is no room on the disk for a commit, which was not begun. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
  /** As LMDB's errors have it. */
  readonly code = 28;
}

/**
 * Throws `DiskFull` when a commit of about so many bytes would not find room. Where LMDB itself meets a full disk it
 * writes its complaint beyond the end of a buffer of 100 bytes, which may end the process.
 */
export function requireRoom(dataDir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dataDir);
  if (bavail * bsize < bytes + limits.eventNode.commitRoomBytes) {
    throw new DiskFull('No space left on the disk with the event data');
  }
}
