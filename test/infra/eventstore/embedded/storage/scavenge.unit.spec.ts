import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backupDataFolder,
  BackupRefused,
  openNewest,
} from '../../../../../infra/eventstore/embedded/storage/backup.ts';
import {
  checkDataFolder,
  DataFolderDamaged,
  markOpened,
} from '../../../../../infra/eventstore/embedded/storage/data-folder-check.ts';
import { dataFile, nextDataFile } from '../../../../../infra/eventstore/embedded/storage/data-files.ts';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { replayIndex } from '../../../../../infra/eventstore/embedded/storage/index-replay.ts';
import type { ProposedEvent } from '../../../../../infra/eventstore/embedded/storage/stored-record.ts';
import { Tables } from '../../../../../infra/eventstore/embedded/storage/tables.ts';
import { verifyTables } from '../../../../../infra/eventstore/embedded/storage/verify-data.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';

let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
let dataDir: string;
let store: EventStore;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hongbao-scavenge-'));
  store = open();
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const open = (): EventStore =>
  new EventStore({
    dataDir,
    clock,
    ids: { next: () => crypto.randomUUID() },
    logger: pino({ level: 'silent' }),
  });
const any = { kind: 'any' } as const;
const event = (data: string | object = {}, type = 'T'): ProposedEvent => ({
  id: crypto.randomUUID(),
  type,
  contentType: 'application/json',
  data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
  metadata: new Uint8Array(),
});
const large = (count: number) => Array.from({ length: count }, () => event('x'.repeat(2_000)));
const metadata = (stream: string, json: object) =>
  store.append(`$$${stream}`, any, [event(json, '$metadata')]);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const scavenge = () => store.scavenge(new AbortController().signal, turn);
const diskBytes = (): number =>
  readdirSync(dataDir).reduce((sum, name) => sum + statSync(join(dataDir, name)).blocks * 512, 0);
const revisionsOf = (stream: string): number[] => {
  const read = store.streamReader(stream);
  const { lastRevision } = store.stream(stream);
  return Array.from({ length: lastRevision + 1 }, (_, revision) => revision).filter((each) => read(each));
};
async function problems(): Promise<readonly string[]> {
  const tables = new Tables(dataDir, { readOnly: true });
  const report = verifyTables(tables);
  await tables.close();
  return report.problems;
}

describe('scavenging', () => {
  test('removes what a deletion, a count, a truncation or an age hides, and nothing else', async () => {
    for (const stream of ['kept', 'deleted', 'counted', 'truncated', 'aged', 'ended']) {
      await store.append(stream, any, [event(), event(), event(), event()]);
    }
    await store.delete('deleted', any);
    await store.tombstone('ended', any);
    await metadata('counted', { $maxCount: 1 });
    await metadata('truncated', { $tb: 2 });
    await metadata('aged', { $maxAge: 60 });
    nowMs += 100_000;
    await store.append('aged', any, [event()]);

    expect(await scavenge()).toMatchObject({ streams: 5 });
    expect(revisionsOf('kept')).toEqual([0, 1, 2, 3]);
    expect(revisionsOf('deleted')).toEqual([]);
    expect(revisionsOf('ended')).toEqual([]);
    expect(revisionsOf('counted')).toEqual([3]);
    expect(revisionsOf('truncated')).toEqual([2, 3]);
    expect(revisionsOf('aged')).toEqual([4]);
    expect(await problems()).toEqual([]);
  });

  test('keeps revisions, positions and the marks of deletions, also for the next start', async () => {
    await store.append('again', any, [event(), event()]);
    await store.append('ended', any, [event()]);
    await store.delete('again', any);
    await store.tombstone('ended', any);
    const last = store.lastPosition;
    await scavenge();
    await store.close();
    store = open();
    expect(store.lastPosition).toBe(last);
    expect(await store.append('ended', any, [event()])).toEqual({ kind: 'stream-deleted' });
    expect(await store.append('again', any, [event()])).toMatchObject({ kind: 'appended', revision: 2 });
  });

  test('goes by what is written while it is under way', async () => {
    await store.append('s', any, [event(), event(), event(), event()]);
    await metadata('s', { $maxCount: 1 });
    // The one commit that comes between the beginning and the removal.
    const [result] = await Promise.all([scavenge(), metadata('s', { $maxCount: 3 })]);
    expect(result).toMatchObject({ events: 1 });
    expect(revisionsOf('s')).toEqual([1, 2, 3]);
    expect(await problems()).toEqual([]);
  });

  test('keeps only the newest metadata, and what it says', async () => {
    await store.append('s', any, [event(), event(), event()]);
    for (const $maxCount of [3, 2, 1]) await metadata('s', { $maxCount });
    await scavenge();
    expect(revisionsOf('$$s')).toEqual([2]);
    expect(store.stream('s').metadata).toEqual({ maxCount: 1 });
  });

  test('leaves links of the kept streams to what is gone without their event', async () => {
    await store.append('cat-1', any, [event(), event()]);
    await store.append('cat-2', any, [event()]);
    await store.delete('cat-1', any);
    await scavenge();
    expect(revisionsOf('$ce-cat')).toEqual([2]);
  });

  test('gives the space back to the disk', async () => {
    for (let round = 0; round < 10; round++) await store.append('big', any, large(100));
    await store.append('small', any, [event()]);
    await store.delete('big', any);
    const before = diskBytes();
    await scavenge();
    expect(diskBytes()).toBeLessThan(before / 5);
    expect(revisionsOf('small')).toEqual([0]);
  });

  test('goes on beside appends, of which none is lost, and more than once', async () => {
    for (let round = 0; round < 5; round++) await store.append('big', any, large(100));
    await store.delete('big', any);
    let scavenging = true;
    const appended: { stream: string; revision: number }[] = [];
    const writers = Array.from({ length: 8 }, async (_, index) => {
      while (scavenging) {
        const outcome = await store.append(`w-${index}`, any, [event(), event()]);
        if (outcome.kind !== 'appended') throw new Error(outcome.kind);
        appended.push({ stream: `w-${index}`, revision: outcome.revision });
      }
    });
    for (let round = 0; round < 3; round++) await scavenge();
    scavenging = false;
    await Promise.all(writers);
    await store.close();
    store = open();
    for (const { stream, revision } of appended) expect(store.streamReader(stream)(revision)).toBeDefined();
    expect(await problems()).toEqual([]);
    expect(readdirSync(dataDir).filter((name) => name.endsWith('.mdb'))).toEqual(['events-4.mdb']);
  });

  test('that is stopped has removed nothing by half', async () => {
    await store.append('big', any, large(50));
    await store.delete('big', any);
    const stopping = new AbortController();
    stopping.abort();
    await store.scavenge(stopping.signal, turn);
    expect(await problems()).toEqual([]);
    await scavenge();
    expect(revisionsOf('big')).toEqual([]);
  });
});

describe('a backup of a folder that is being written to', () => {
  test('is a whole data folder of one moment', async () => {
    markOpened(dataDir);
    const target = join(dataDir, 'copy');
    let writing = true;
    const writer = (async () => {
      while (writing) await store.append('s', any, [event(), event()]);
    })();
    await store.append('before', any, [event()]);
    const position = await backupDataFolder(dataDir, target);
    writing = false;
    await writer;
    const copy = new Tables(target, { readOnly: true });
    const report = verifyTables(copy);
    expect(report).toMatchObject({ problems: [], events: position });
    expect(replayIndex(copy).head('before')?.revision).toBe(0);
    await copy.close();
  });

  test('opens the new file when a compaction takes the old one away from before it', () => {
    const folder = join(dataDir, 'compacted');
    mkdirSync(folder);
    writeFileSync(dataFile(folder), 'everything');
    let compacted = false;
    const opened = openNewest(folder, () => {
      const path = dataFile(folder);
      if (!compacted) renameSync(path, nextDataFile(folder).complete);
      compacted = true;
      return readFileSync(path, 'utf8');
    });
    expect(opened).toBe('everything');
    const missing = () => openNewest(folder, () => readFileSync(join(folder, 'nowhere')));
    expect(missing).toThrow(/ENOENT/);
  });

  test('is refused where there is no data, and into a folder that is not empty', async () => {
    await expect(backupDataFolder(join(dataDir, 'nowhere'), join(dataDir, 'x'))).rejects.toThrow(
      BackupRefused,
    );
    markOpened(dataDir);
    await expect(backupDataFolder(dataDir, dataDir)).rejects.toThrow(/not empty/);
  });
});

describe('a data folder', () => {
  const check = () => checkDataFolder(dataDir, systemRuntime().timers);

  test('whose data file is gone or empty is refused, and not begun again', async () => {
    await store.append('s', any, [event()]);
    markOpened(dataDir);
    await store.close();
    await check();
    rmSync(dataFile(dataDir));
    await expect(check()).rejects.toThrow(DataFolderDamaged);
  });
});

test('after a compaction, the file of the readers is where another process looks for it', async () => {
  await store.append('s', any, [event()]);
  await scavenge();
  await store.append('s', any, [event()]);
  const names = readdirSync(dataDir).filter((name) => name.startsWith('events'));
  expect(names.sort()).toEqual(['events-2.mdb', 'events-2.mdb-lock']);
});
