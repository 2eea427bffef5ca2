import { join } from 'node:path';
import { open } from 'lmdb';
import type { AppendSystem } from './append-system.ts';
import { benchEvent } from './bench-event.ts';

/** LMDB alone, in this process: no protocol, no index, no checks. A commit is synced, and shared by who waits. */
export function startLmdbSystem(dataDir: string): AppendSystem {
  const root = open<string, [number, number]>({
    path: join(dataDir, 'bare.mdb'),
    noSubdir: true,
    overlappingSync: false,
    encoding: 'string',
  });
  const revisions = new Map<number, number>();
  const count = (range: { start?: [number, number]; end?: [number, number] }): number => {
    let counted = 0;
    for (const { value } of root.getRange(range)) {
      JSON.parse(value);
      counted++;
    }
    return counted;
  };
  return {
    async append(stream, events) {
      const first = revisions.get(stream) ?? 0;
      revisions.set(stream, first + events);
      const puts = Array.from({ length: events }, (_, index) =>
        root.put([stream, first + index], JSON.stringify(benchEvent())),
      );
      await Promise.all(puts);
    },
    reads: {
      readStream: async (stream) => count({ start: [stream, 0], end: [stream + 1, 0] }),
      readAll: async () => count({}),
    },
    serverCpuMs: () => 0,
    close: () => root.close(),
  };
}
