import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';

/** Whether the packages in node_modules are those of the lock file. */
export const packagesCheck: Check = {
  name: 'packages',
  look: async () => [
    judgePackages(installedPackages(fileURLToPath(new URL('../../../../', import.meta.url)))),
  ],
};

export interface InstalledPackages {
  /** SHA-256 of package-lock.json, in hex; undefined when there is none. */
  readonly wanted: string | undefined;
  /** Of the one that was installed last, by scripts/setup.mjs. */
  readonly installed: string | undefined;
}

/** What is installed in the program's folder. */
export function installedPackages(root: string): InstalledPackages {
  const lockFile = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules', '.installed-lock-hash');
  return {
    wanted: existsSync(lockFile)
      ? createHash('sha256').update(readFileSync(lockFile)).digest('hex')
      : undefined,
    installed: existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : undefined,
  };
}

export function judgePackages({ wanted, installed }: InstalledPackages): Finding {
  if (wanted === undefined) return skipped('There is no package-lock.json to compare the packages with.');
  if (wanted === installed) return ok('The packages are those of the lock file.');
  if (installed === undefined) {
    return warning(
      'The packages were installed by hand, so it is not known whether they are those of the lock file.',
      'Run `npm run setup`.',
    );
  }
  return problem('package-lock.json has changed since the packages were installed.', 'Run `npm run setup`.');
}
