import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { dataFolderIsTaken } from '../../../infra/supervisor/data-folder-lock.ts';
import { type Endpoints, readEndpoints } from '../../../infra/supervisor/endpoints.ts';

/** Who is at work on a data folder. */
export type FolderUse =
  /** Nobody: embedded engines are stopped. `leftovers`: a server that was killed left its endpoints there. */
  | { readonly kind: 'free'; readonly leftovers: boolean }
  /** A server or a command, which is starting or stopping, or uses engines of its own. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'serving'; readonly endpoints: Endpoints }
  | { readonly kind: 'unknown'; readonly why: string };

/** Looks without taking anything: neither the folder nor the lock file is made. */
export function folderUse(dataFolder: string): FolderUse {
  const folder = resolve(dataFolder);
  if (!existsSync(folder)) return { kind: 'free', leftovers: false };
  try {
    const taken = dataFolderIsTaken(folder);
    const endpoints = readEndpoints(folder);
    if (!taken) return { kind: 'free', leftovers: endpoints !== undefined };
    return endpoints === undefined ? { kind: 'busy' } : { kind: 'serving', endpoints };
  } catch (error) {
    return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
}
