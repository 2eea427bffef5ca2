/**
 * Builds the page into web/dist when what it is made of has changed since the last build.
 *
 *   node scripts/build-page.ts
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = [
  'web/src',
  'web/public',
  'src/client',
  'src/protocol',
  'src/domain',
  'src/runtime',
  'src/config',
];
const files = ['web/index.html', 'web/vite.config.ts', 'web/tsconfig.json', 'package-lock.json'];
const stamp = join(root, 'web', 'dist', '.source-hash');

const wanted = sourceHash();
const built = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
if (built !== wanted) {
  console.log('page: building');
  await build({ root: join(root, 'web'), configFile: join(root, 'web', 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, wanted);
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const inFolders = sources.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...inFolders, ...files.map((name) => join(root, name))].toSorted()) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}
