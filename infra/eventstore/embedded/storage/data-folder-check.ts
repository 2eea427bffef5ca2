import { existsSync, renameSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { limits } from '../../../../src/config/limits.ts';
import type { Timers } from '../../../../src/runtime/runtime.ts';
import {
  dataFile,
  hasBegun,
  markBegun,
  nextDataFile,
  readStopMark,
  removeLeftovers,
  removeReaders,
  removeStopMark,
  syncFolder,
  writeStopMark,
} from './data-files.ts';
import { LmdbFile } from './lmdb-file.ts';
import { readInChild } from './read-in-child.ts';

/** The data folder cannot be read without harm. */
export class DataFolderDamaged extends Error {
  override readonly name = 'DataFolderDamaged';
}

/**
 * Makes sure that a folder can be opened: that its data file is there, an empty one in a fresh folder, and that reading it works, which a child
 * process tries out first (see probe.ts). All of a small file is read; of a large one that was left in order,
 * nothing, and otherwise the newest events. Call it with the folder locked. Throws `DataFolderDamaged`.
 */
export async function checkDataFolder(dataDir: string, timers: Timers): Promise<void> {
  removeLeftovers(dataDir);
  const file = dataFile(dataDir);
  const bytes = existsSync(file) ? statSync(file).size : 0;
  if (bytes === 0) {
    if (hasBegun(dataDir)) throw damaged(dataDir, `${basename(file)} is empty or not there`);
    await makeDataFile(dataDir);
    return;
  }
  const leftInOrder = readStopMark(dataDir) === stopMark(file);
  // Gone before the first write, so that it never vouches for what came after it.
  removeStopMark(dataDir);
  const small = bytes <= limits.eventNode.verifyAtStartBytesMax;
  if (leftInOrder && !small) return;
  const outcome = await probe(dataDir, timers, small ? 'all' : 'newest');
  if (outcome !== undefined) throw damaged(dataDir, outcome);
}

/**
 * Makes the first data file. It gets its name when it is complete and durable, so that a crash in the middle of a
 * first start leaves nothing that the next one would have to take for damage.
 */
async function makeDataFile(dataDir: string): Promise<void> {
  const { making } = nextDataFile(dataDir);
  await new LmdbFile(making).close();
  removeReaders(making);
  renameSync(making, dataFile(dataDir));
  syncFolder(dataDir);
}

/** Notes that the folder has data from now on; to be called when its data file has been made. */
export function markOpened(dataDir: string): void {
  if (!hasBegun(dataDir)) markBegun(dataDir);
}

/** Says that the folder is left in order; to be called with the store closed and the folder still locked. */
export function markStoppedCleanly(dataDir: string): void {
  writeStopMark(dataDir, stopMark(dataFile(dataDir)));
}

const stopMark = (file: string): string => `${basename(file)} ${statSync(file).size}`;

function damaged(dataDir: string, what: string): DataFolderDamaged {
  return new DataFolderDamaged(
    `the event data in ${dataDir} is damaged (${what}); nothing was changed in it. ` +
      'Restore the folder from a backup, or start with an empty one',
  );
}

/** What went wrong, or undefined. */
async function probe(dataDir: string, timers: Timers, extent: 'all' | 'newest'): Promise<string | undefined> {
  const late = new AbortController();
  const timeout = timers.after(limits.eventNode.probeTimeoutMs, () => late.abort());
  const outcome = await readInChild('probe.ts', [dataDir, extent], { signal: late.signal });
  timeout.cancel();
  return outcome;
}
