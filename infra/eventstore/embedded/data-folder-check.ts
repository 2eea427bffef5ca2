import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../../src/config/limits.ts';
import type { Timers } from '../../../src/runtime/runtime.ts';
import { DATA_FILE } from './tables.ts';

/** Left behind by an orderly stop, with the size that the data file had then. */
const STOPPED_FILE = 'stopped-cleanly';

/** The data folder cannot be read without harm. */
export class DataFolderDamaged extends Error {
  override readonly name = 'DataFolderDamaged';
}

/**
 * Makes sure that a folder which was not left in order, or whose file has another size than then, can be
 * opened: tries it out in a child process first (see probe.ts). Call it with the folder locked.
 * Throws `DataFolderDamaged`.
 */
export async function checkDataFolder(dataDir: string, timers: Timers): Promise<void> {
  const file = join(dataDir, DATA_FILE);
  const marker = join(dataDir, STOPPED_FILE);
  const suspect = existsSync(file) && readMarker(marker) !== String(statSync(file).size);
  // Gone before the first write, so that it never vouches for what came after it.
  rmSync(marker, { force: true });
  if (!suspect) return;
  const outcome = await probe(dataDir, timers);
  if (outcome !== undefined) {
    throw new DataFolderDamaged(
      `the event data in ${dataDir} is damaged (${outcome}); nothing was changed in it. ` +
        'Restore the folder from a backup, or start with an empty one',
    );
  }
}

/** Says that the folder is left in order; to be called with the store closed and the folder still locked. */
export function markStoppedCleanly(dataDir: string): void {
  writeFileSync(join(dataDir, STOPPED_FILE), String(statSync(join(dataDir, DATA_FILE)).size));
}

function readMarker(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** What went wrong, or undefined. */
async function probe(dataDir: string, timers: Timers): Promise<string | undefined> {
  const script = join(import.meta.dirname, 'probe.ts');
  const child = fork(script, [dataDir], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4_096);
  });
  const timeout = timers.after(limits.eventNode.probeTimeoutMs, () => child.kill('SIGKILL'));
  const [code, signal] = await once(child, 'close');
  timeout.cancel();
  if (code === 0) return undefined;
  if (signal !== null) return `reading it ended with ${signal}`;
  const [sentence] = /^\w*Error.*$/m.exec(complaint) ?? [`reading it failed with ${code}`];
  return sentence;
}
