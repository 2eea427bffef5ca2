/**
 * The files of a data folder.
 *
 *     events-<generation>.mdb   everything; the highest generation is the one that counts
 *     events.compact            the next generation while it is being made; nothing counts in it
 *     begun                     there from the first start on: without a data file, one was lost
 *     stopped-cleanly           left behind by an orderly stop: the data file's name and size then
 *     node.lock                 see data-folder-lock.ts
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const DATA_FILE = /^events-(\d+)\.mdb$/;
/** lmdb keeps a file of its readers beside each data file. */
const READERS_SUFFIX = '-lock';
const COMPACTING = 'events.compact';
const BEGUN = 'begun';
const STOPPED = 'stopped-cleanly';

/** The path of the data file that counts, there or not. */
export function dataFile(dataDir: string): string {
  return join(dataDir, fileOf(Math.max(1, ...generations(dataDir))));
}

/** Where the next generation of the data file is made, and where it goes when it is complete. */
export function nextDataFile(dataDir: string): { readonly making: string; readonly complete: string } {
  const next = Math.max(1, ...generations(dataDir)) + 1;
  return { making: join(dataDir, COMPACTING), complete: join(dataDir, fileOf(next)) };
}

/** Removes a data file, and lmdb's file of its readers. */
export function removeDataFile(path: string): void {
  for (const file of [path, path + READERS_SUFFIX]) rmSync(file, { force: true });
}

/** Removes lmdb's file of a data file's readers; lmdb makes another one. */
export const removeReaders = (path: string): void => rmSync(path + READERS_SUFFIX, { force: true });

/** Removes what an interrupted compaction left. Call it with the folder locked. */
export function removeLeftovers(dataDir: string): void {
  removeDataFile(join(dataDir, COMPACTING));
  const current = Math.max(1, ...generations(dataDir));
  for (const generation of generations(dataDir)) {
    if (generation < current) removeDataFile(join(dataDir, fileOf(generation)));
  }
}

/** Whether a node has ever kept data here. */
export const hasBegun = (dataDir: string): boolean => existsSync(join(dataDir, BEGUN));

/** Notes that there is data here from now on; durable when it returns, and the data file's name with it. */
export function markBegun(dataDir: string): void {
  writeDurably(join(dataDir, BEGUN), '');
  syncFolder(dataDir);
}

/** What the last orderly stop noted; undefined when the last stop was none. */
export function readStopMark(dataDir: string): string | undefined {
  const path = join(dataDir, STOPPED);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

export function writeStopMark(dataDir: string, mark: string): void {
  writeDurably(join(dataDir, STOPPED), mark);
}

/** Takes the note of an orderly stop away. */
export const removeStopMark = (dataDir: string): void => rmSync(join(dataDir, STOPPED), { force: true });

/** Makes new names in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, 'w');
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const fileOf = (generation: number): string => `events-${generation}.mdb`;

function generations(dataDir: string): number[] {
  return readdirSync(dataDir).flatMap((name) => {
    const generation = DATA_FILE.exec(name)?.[1];
    return generation === undefined ? [] : [Number(generation)];
  });
}
