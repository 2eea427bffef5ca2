/** Damage anywhere in the data file is refused when the node starts, or was in nothing that anybody reads. */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checkDataFolder,
  DataFolderDamaged,
} from '../../../infra/eventstore/embedded/storage/data-folder-check.ts';
import { dataFile } from '../../../infra/eventstore/embedded/storage/data-files.ts';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import { collect, someEvents } from '../../support/event-log-contract.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';
import { aLog, nodeProcess, runtime, temporaryFolder } from './support.ts';

const pageBytes = 4_096;
const rounds = 15;
const folder = temporaryFolder();
const original = join(folder.path, 'original');
let events: readonly RecordedEvent[];

async function readEverything(dataDir: string): Promise<readonly RecordedEvent[]> {
  const node = await nodeProcess(dataDir);
  const log = aLog(node.url);
  try {
    return await collect(log.readAll());
  } finally {
    await log.close();
    await node.stop();
  }
}

beforeAll(async () => {
  const node = await nodeProcess(original);
  const log = aLog(node.url);
  for (let stream = 0; stream < 20; stream++) await log.append(`s-${stream}`, 'no-stream', someEvents(50));
  await log.close();
  await node.stop();
  events = await readEverything(original);
});
afterAll(() => folder.remove());

describe('a data file that was left in order', () => {
  test.each(Array.from({ length: rounds }, (_, seed) => [seed]))(
    'with eight bits of one page flipped is refused, or reads as before (seed %d)',
    async (seed) => {
      const dataDir = join(folder.path, `damaged-${seed}`);
      cpSync(original, dataDir, { recursive: true });
      const file = dataFile(dataDir);
      const bytes = readFileSync(file);
      const { random } = virtualRuntime({ seed: seed + 1 });
      // The first two pages are LMDB's own, of which the older one is not in use.
      const page = 2 + Math.floor(random.fraction() * (bytes.length / pageBytes - 2));
      for (let flip = 0; flip < 8; flip++) {
        const at = page * pageBytes + Math.floor(random.fraction() * pageBytes);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.fraction() * 8));
      }
      writeFileSync(file, bytes);
      const refusal = await checkDataFolder(dataDir, runtime.timers).catch((error: unknown) => error);
      if (refusal === undefined) expect(await readEverything(dataDir)).toEqual(events);
      else expect(refusal).toBeInstanceOf(DataFolderDamaged);
      rmSync(dataDir, { recursive: true });
    },
  );

  test.each(['emptied', 'removed'])('and then %s is refused in a sentence', async (what) => {
    const dataDir = join(folder.path, what);
    cpSync(original, dataDir, { recursive: true });
    if (what === 'emptied') truncateSync(dataFile(dataDir));
    else rmSync(dataFile(dataDir));
    await expect(nodeProcess(dataDir)).rejects.toThrow(/is damaged .* is empty or not there/);
  });
});
