import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { dataFile, hasBegun } from './data-files.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { readInChild } from './read-in-child.ts';
import type { VerifyReport } from './verify-data.ts';

/** There is nothing to verify. */
export class NoEventData extends Error {
  override readonly name = 'NoEventData';
}

type Message = { readonly position: number; readonly last: number } | { readonly report: VerifyReport };

/**
 * Checks everything in a data folder that no node has open against everything else in it, and changes nothing.
 * Throws `NoEventData` and `DataFolderInUse`.
 */
export async function verifyDataFolder(
  dataDir: string,
  onProgress: (position: number, last: number) => void,
): Promise<VerifyReport> {
  if (!existsSync(dataDir) || !hasBegun(dataDir))
    throw new NoEventData(`there is no event data in ${dataDir}`);
  const lock = lockDataFolder(dataDir);
  try {
    const file = dataFile(dataDir);
    const empty = !existsSync(file) || statSync(file).size === 0;
    return empty ? damaged(`${basename(file)} is empty or not there`) : await inChild(dataDir, onProgress);
  } finally {
    lock.release();
  }
}

async function inChild(
  dataDir: string,
  onProgress: (position: number, last: number) => void,
): Promise<VerifyReport> {
  let report: VerifyReport | undefined;
  let reached = 0;
  const onMessage = (message: unknown): void => {
    const told = message as Message;
    if ('report' in told) {
      report = told.report;
      return;
    }
    reached = told.position;
    onProgress(told.position, told.last);
  };
  const failure = await readInChild('verify-process.ts', [dataDir], { onMessage });
  return report ?? damaged(`${failure ?? 'it was not read to its end'}, after position ${reached}`);
}

const damaged = (problem: string): VerifyReport => ({
  events: 0,
  scavenged: 0,
  streams: 0,
  problems: [problem],
});
