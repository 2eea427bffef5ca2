import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dataFile, hasBegun } from './data-files.ts';
import { lockDataFolder } from './data-folder-lock.ts';
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
  const script = join(import.meta.dirname, 'verify-process.ts');
  const child = fork(script, [dataDir], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  let report: VerifyReport | undefined;
  let reached = 0;
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4_096);
  });
  child.on('message', (message: Message) => {
    if ('report' in message) {
      report = message.report;
      return;
    }
    reached = message.position;
    onProgress(message.position, message.last);
  });
  const [code, signal] = await once(child, 'close');
  if (report !== undefined) return report;
  const [sentence] = /^\w*Error.*$/m.exec(complaint) ?? [`reading it ended with ${signal ?? code}`];
  return damaged(`${sentence}, after position ${reached}`);
}

const damaged = (problem: string): VerifyReport => ({
  events: 0,
  scavenged: 0,
  streams: 0,
  problems: [problem],
});
