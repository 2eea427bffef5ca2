import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { limits } from '../../../config/limits.ts';
import { bytesInWords } from '../bytes-in-words.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning, wordsOf } from '../finding.ts';

export interface DiskSpace {
  /** What this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How much is free on the disks that hongbao writes to, and what takes the room. `spaceOf` asks for the first. */
export function diskCheck(spaceOf: (path: string) => Promise<DiskSpace> = diskSpace): Check {
  return {
    name: 'disk',
    async look({ settings }) {
      if (settings === undefined) return [skipped('The settings are wrong.')];
      const folder = resolve(settings.dataFolder);
      if (!existsSync(folder)) return [skipped('There is no data folder yet.')];
      const cluster = clusterFolder(folder);
      const parts = [
        ['events', join(folder, 'events')],
        ['postgres', cluster],
        ['log', join(folder, 'hongbao.log')],
      ] as const;
      const sizes = await Promise.all(parts.map(async ([name, path]) => sizeLine(name, path)));
      const places = cluster.startsWith(folder) ? [folder] : [folder, cluster];
      return Promise.all(
        places.map(async (place, index) =>
          judgeDisk(place, await spaceOf(place), index === 0 ? sizes.filter((line) => line !== '') : []),
        ),
      );
    },
  };
}

export function judgeDisk(path: string, { freeBytes, totalBytes }: DiskSpace, details: string[]): Finding {
  const sentence = `${bytesInWords(freeBytes)} of ${bytesInWords(totalBytes)} are free on the disk of ${path}.`;
  const { diskFreeBytesMin, diskFreeBytesWarn } = limits.doctor;
  if (freeBytes >= diskFreeBytesWarn) return ok(sentence, details);
  const judge = freeBytes < diskFreeBytesMin ? problem : warning;
  return {
    ...judge(
      sentence,
      'Make room or take a larger disk: when it is full nothing is accepted any more, and nothing that was is lost.',
    ),
    details,
  };
}

async function diskSpace(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Where PostgreSQL's files are: it may run as a user that cannot reach the data folder. */
function clusterFolder(dataFolder: string): string {
  const location = join(dataFolder, 'postgres', 'location');
  return existsSync(location) ? readFileSync(location, 'utf8').trim() : join(dataFolder, 'postgres');
}

async function sizeLine(name: string, path: string): Promise<string> {
  if (!existsSync(path)) return '';
  try {
    const { bytes, complete } = await sizeOf(path);
    return `${name}: ${complete ? '' : 'more than '}${bytesInWords(bytes)}`;
  } catch (error) {
    return `${name}: its size cannot be read (${wordsOf(error)})`;
  }
}

/** What files take on the disk, which for a sparse one is less than its length. */
async function sizeOf(path: string): Promise<{ bytes: number; complete: boolean }> {
  const found = await stat(path);
  if (!found.isDirectory()) return { bytes: allocated(found), complete: true };
  let bytes = 0;
  let entries = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    entries += 1;
    if (entries > limits.doctor.folderEntriesMax) return { bytes, complete: false };
    if (!entry.isFile()) continue;
    // A running database removes files meanwhile.
    const file = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (file !== undefined) bytes += allocated(file);
  }
  return { bytes, complete: true };
}

const statBlockBytes = 512;

function allocated({ blocks, size }: { readonly blocks: number; readonly size: number }): number {
  // Windows knows no blocks.
  return blocks === undefined ? size : blocks * statBlockBytes;
}
