import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** The two places that turn what a platform has into the port, and the timers that both share. */
const runtimes = [
  'src/runtime/system-runtime.ts',
  'src/client/browser-runtime.ts',
  'src/runtime/global-timers.ts',
];
const ambient =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\b(setTimeout|setInterval|setImmediate)\(|\brandom(UUID|Bytes|Int)\(|\bgetRandomValues\(/;

describe('time, randomness, timers and ids', () => {
  it('come from the Runtime port everywhere but in the runtimes themselves', () => {
    const files = ['src', 'infra', 'web/src'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name))
        .map((name) => join(folder, name)),
    );
    expect(files.length).toBeGreaterThan(300);
    const found = files
      .filter((file) => !runtimes.includes(file))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line, index) => (ambient.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });
});
