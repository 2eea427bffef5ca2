import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCluster } from '../postgres/embedded/placement.ts';

/** Removes a data folder for good, with the database, which may be elsewhere. Nothing may be running on it. */
export function removeDataFolder(folder: string): void {
  removeCluster(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}
