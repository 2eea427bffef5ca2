import { statfsSync } from 'node:fs';
import { limits } from '../../../../src/config/limits.ts';

/** Why nothing of a commit was written, in a sentence for clients. `error` is what the disk's refusal came as. */
export function commitFailure(dataDir: string, error: unknown): string {
  return isNoSpace(error) || isDiskFull(dataDir)
    ? 'the disk with the event data is full; nothing was written, and writing goes on when there is room'
    : 'the commit failed; nothing was written';
}

/** LMDB's errors carry the system's number; ENOSPC and EDQUOT are these on Linux and macOS. */
const NO_SPACE = [28, 122, 69];

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_SPACE.some((code) => code === error.code);
}

/** A write that was cut short says no more than that. */
function isDiskFull(dataDir: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    return bavail * bsize < limits.eventNode.diskFullBytes;
  } catch {
    return false;
  }
}
