import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';

/** Whether the data folder is there, is ours, and is closed to others. */
export const dataFolderCheck: Check = {
  name: 'data folder',
  look: async ({ settings, folder }) => {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    if (folder.kind === 'unknown') {
      return [problem(`Its lock cannot be read: ${folder.why}.`, 'Run this as the user that runs hongbao.')];
    }
    return judgeDataFolder(lookAtFolder(resolve(settings.dataFolder)));
  },
};

export interface FolderFacts {
  readonly path: string;
  readonly state: 'missing' | 'file' | 'folder';
  /** Whether we may write into it, or make it. */
  readonly writable: boolean;
  /** The permission bits, 0 to 0o777. */
  readonly mode: number;
  readonly ownerUid: number;
  readonly ownUid: number;
  /** Of files with secrets in it: those that others may read. */
  readonly openSecrets: readonly string[];
}

/** The files that hold a key or a password. */
const secretFiles = ['master.key', 'endpoints.json', join('postgres', 'credentials.json')];

function lookAtFolder(path: string): FolderFacts {
  const ownUid = process.getuid?.() ?? 0;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    const writable = mayWrite(firstThatExists(dirname(path)));
    return { path, state: 'missing', writable, mode: 0, ownerUid: ownUid, ownUid, openSecrets: [] };
  }
  const openSecrets = secretFiles
    .map((name) => join(path, name))
    .filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
  return {
    path,
    state: found.isDirectory() ? 'folder' : 'file',
    writable: mayWrite(path),
    mode: found.mode & 0o777,
    // Windows has neither owners nor these bits.
    ownerUid: process.getuid === undefined ? ownUid : found.uid,
    ownUid,
    openSecrets: process.platform === 'win32' ? [] : openSecrets,
  };
}

function firstThatExists(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : firstThatExists(dirname(path));
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function judgeDataFolder(facts: FolderFacts): readonly Finding[] {
  const { path, state, writable, mode, ownerUid, ownUid, openSecrets } = facts;
  if (state === 'file') {
    return [problem(`${path} is a file.`, 'Set HONGBAO_DATA to the path of a folder.')];
  }
  if (!writable) {
    const what = state === 'missing' ? 'cannot be made' : 'cannot be written';
    return [
      problem(
        `${path} ${what} by this user.`,
        'Give it to the user that runs hongbao, mount its disk for writing, or set HONGBAO_DATA to another folder.',
      ),
    ];
  }
  if (state === 'missing') return [ok(`${path} is not there yet: the first start makes it.`)];
  const findings: Finding[] = [];
  if (ownerUid !== ownUid) {
    findings.push(
      warning(
        `${path} belongs to user ${ownerUid}, and this is user ${ownUid}: what it writes, the owner cannot.`,
        'Run hongbao, and its commands, as the owner of the folder.',
      ),
    );
  }
  // Passing through is allowed: PostgreSQL may run as another user.
  if ((mode & 0o066) !== 0) {
    findings.push(
      warning(`Others may list or write ${path} (mode ${mode.toString(8)}).`, `Run \`chmod go-rw ${path}\`.`),
    );
  }
  for (const file of openSecrets) {
    findings.push(problem(`Others may read ${file}, which holds a secret.`, `Run \`chmod 600 ${file}\`.`));
  }
  return findings.length > 0 ? findings : [ok(`${path} is there, is writable, and is closed to others.`)];
}
