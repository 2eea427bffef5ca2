import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './write-file-atomically.ts';

/** Where a running server and its engines are, for commands that work beside it. */
export interface Endpoints {
  readonly httpUrl: string;
  readonly databaseUrl: string;
  readonly esdbUrl: string;
  /** Where the projectors' health is asked for, when they are processes of their own. */
  readonly projectorUrls: readonly string[];
  /** The supervisor's process. */
  readonly pid: number;
}

const fileIn = (dataFolder: string): string => join(dataFolder, 'endpoints.json');

/** Holds the database's password, so only we may read it. */
export function writeEndpoints(dataFolder: string, endpoints: Endpoints): void {
  writeFileAtomically(fileIn(dataFolder), `${JSON.stringify(endpoints)}\n`, 0o600);
}

/**
 * The endpoints of the server that serves from `dataFolder`. Only to be believed while somebody holds the
 * folder's lock: a server that was killed leaves them behind. `undefined` while it is starting.
 */
export function readEndpoints(dataFolder: string): Endpoints | undefined {
  const file = fileIn(dataFolder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Endpoints) : undefined;
}

export function removeEndpoints(dataFolder: string): void {
  rmSync(fileIn(dataFolder), { force: true });
}
