import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dataFile, hasBegun, markBegun, removeDataFile } from './data-files.ts';
import { Tables } from './tables.ts';

/** A backup cannot be made from or to these folders. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

/**
 * Copies a data folder as it is at one moment, compactly, into `target`, which must be empty or not there yet. A
 * node may be serving the folder, in another process. Answers the newest event's position in the copy.
 * Throws `BackupRefused`.
 */
export async function backupDataFolder(dataDir: string, target: string): Promise<number> {
  if (!existsSync(dataDir) || !hasBegun(dataDir)) {
    throw new BackupRefused(`there is no event data in ${dataDir}`);
  }
  mkdirSync(target, { recursive: true });
  if (readdirSync(target).length > 0) throw new BackupRefused(`${target} is not empty`);
  const source = openNewest(dataDir, () => new Tables(dataDir, { readOnly: true }));
  try {
    await source.copyTo(dataFile(target));
  } catch (error) {
    // A part of a copy must not be taken for one.
    removeDataFile(dataFile(target));
    throw error;
  } finally {
    await source.close();
  }
  const copy = new Tables(target);
  try {
    // A write, whose sync makes the whole copy durable.
    await copy.commit(() => copy.putStreamCount(copy.streamCount()));
    markBegun(target);
    return copy.lastPosition();
  } finally {
    await copy.close();
  }
}

/**
 * Opens the data file that counts with `open`. A node that compacts may take it away between the look at the names and
 * the opening; then there is a newer one. Throws what `open` throws.
 */
export function openNewest<Opened>(dataDir: string, open: () => Opened): Opened {
  for (;;) {
    const counted = dataFile(dataDir);
    try {
      return open();
    } catch (error) {
      // Not without end: each further try takes a whole compaction.
      if (dataFile(dataDir) === counted) throw error;
    }
  }
}
