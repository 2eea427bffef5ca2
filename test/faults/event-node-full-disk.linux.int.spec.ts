/** The disk fills up under the event node. Needs Linux and root: the disk is a small one in memory. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { backupDataFolder } from '../../infra/eventstore/embedded/storage/backup.ts';
import { collect } from '../support/event-log-contract.ts';
import { temporaryFolder } from '../integration/eventstore/support.ts';
import { type FaultyNode, startFaultyNode } from './event-node/faulty-node.ts';
import { readStoredLog } from './event-node/stored-log.ts';

const diskBytes = 6 * 1024 * 1024;
const ballastBytes = 2 * 1024 * 1024;
/** Many times what the disk holds: the refusal comes before. */
const appendsMax = 1_000;
const viaAppend = { credentials: { username: 'admin', password: 'changeit' } };

const folder = temporaryFolder();
const disk = join(folder.path, 'disk');
const dataDir = join(disk, 'data');
const ballast = join(disk, 'ballast');
let node: FaultyNode;
let client: EventStoreDBClient;

beforeAll(() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('this test mounts a small disk: it needs Linux and root');
  }
});
beforeEach(async () => {
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'hongbao-test', disk]);
  writeFileSync(ballast, Buffer.alloc(ballastBytes));
  await start();
});
afterEach(async () => {
  await kill();
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});
afterAll(() => folder.remove());

async function start(): Promise<void> {
  node = startFaultyNode(dataDir);
  client = EventStoreDBClient.connectionString(await node.listening);
}

async function kill(): Promise<void> {
  await client?.dispose();
  node?.child.kill('SIGKILL');
  await node?.gone;
}

const append = (stream: string, dataBytes = 20_000, options: object = {}) =>
  client.appendToStream(stream, [jsonEvent({ type: 'T', data: 'x'.repeat(dataBytes) })], options);

/** Appends until one is refused. Answers the streams that were acknowledged, and the refusal. */
async function fill(): Promise<{ streams: string[]; refusal: unknown }> {
  const streams: string[] = [];
  for (let index = 0; index < appendsMax; index++) {
    try {
      await append(`s-${index}`);
      streams.push(`s-${index}`);
    } catch (refusal) {
      return { streams, refusal };
    }
  }
  throw new Error('the disk did not fill up');
}

const streamsRead = async (): Promise<string[]> => {
  const events = await collect(client.readAll());
  return events.flatMap(({ event }) => (event?.streamId.startsWith('s-') ? [event.streamId] : []));
};

test('writes are refused with the reason, reads go on, and writes resume when there is room', async () => {
  const { streams, refusal } = await fill();
  expect(streams.length).toBeGreaterThan(10);
  expect(refusal).toMatchObject({ message: expect.stringMatching(/disk .* is full/) });
  await expect(append('s-unary', 20_000, viaAppend)).rejects.toThrow(/disk .* is full/);
  expect(await streamsRead()).toEqual(streams);

  rmSync(ballast);
  await append('s-afterwards');
  expect(await streamsRead()).toEqual([...streams, 's-afterwards']);

  await kill();
  const log = await readStoredLog(dataDir);
  expect(log.problems).toEqual([]);
  await start();
  expect(await streamsRead()).toEqual([...streams, 's-afterwards']);
});

test('a node that is killed on a full disk starts on it, with everything acknowledged', async () => {
  const { streams } = await fill();
  await kill();
  await start();
  expect(await streamsRead()).toEqual(streams);
  rmSync(ballast);
  await append('s-afterwards');
});

test('scavenging that finds no room for the new file leaves everything as it was', async () => {
  const { streams } = await fill();
  rmSync(ballast);
  // Room for the deletion and the index, and not for the copy.
  await client.deleteStream('s-0');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 1_500_000)));
  const before = readdirSync(dataDir).sort();
  node.child.send('scavenge');
  const [answer] = await once(node.child, 'message');
  expect(answer).toMatchObject({ failed: expect.stringMatching(/ENOSPC|No space/i) });
  expect(readdirSync(dataDir).sort()).toEqual(before);
  expect(await streamsRead()).toEqual(streams.slice(1));
  rmSync(ballast);
  await append('s-afterwards');
  await kill();
  expect((await readStoredLog(dataDir)).problems).toEqual([]);
});

test('a backup that finds no room leaves neither a copy that looks whole nor the node disturbed', async () => {
  const { streams } = await fill();
  const target = join(disk, 'backup');
  await expect(backupDataFolder(dataDir, target)).rejects.toThrow(/ENOSPC|No space/i);
  expect(readdirSync(target)).toEqual([]);
  expect(await streamsRead()).toEqual(streams);
  rmSync(ballast);
  await append('s-afterwards');
});
