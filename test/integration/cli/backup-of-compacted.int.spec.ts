/** `hongbao eventstore backup` of a folder whose node, a process of its own, compacts it. */
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import operations from '@eventstore/db-client/generated/operations_pb.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { eventually } from '../eventstore/conformance/persistent-subscriptions-support.ts';
import { rawConnection } from '../eventstore/conformance/raw-call.ts';
import { someEvents, take } from '../eventstore/conformance/support.ts';
import { type NodeProcess, nodeProcess } from '../eventstore/support.ts';

let folder: string;
let data: string;
let node: NodeProcess;
let client: EventStoreDBClient;
const nodes: NodeProcess[] = [];

async function started(dataDir: string): Promise<NodeProcess> {
  const process = await nodeProcess(dataDir);
  nodes.push(process);
  return process;
}

beforeEach(async () => {
  folder = temporaryFolder();
  data = join(folder, 'events');
  node = await started(data);
  client = EventStoreDBClient.connectionString(node.url);
});
afterEach(async () => {
  for (const each of nodes.splice(0)) await each.kill();
  rmSync(folder, { recursive: true });
});

const dataFiles = (): string[] => readdirSync(data).filter((name) => name.endsWith('.mdb'));

/** Resolves when `isSo` is, looked at after each change of the data folder. */
async function changedTo(isSo: () => boolean): Promise<void> {
  const watcher = watch(data);
  try {
    while (!isSo()) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}

/** Begins a new one, once the node is through with the one before. */
async function beginScavenge(): Promise<void> {
  const connection = rawConnection(node.port);
  const request = new operations.StartScavengeReq().setOptions(new operations.StartScavengeReq.Options());
  const path = '/event_store.client.operations.Operations/StartScavenge';
  await eventually(
    async () => {
      const { status, messages } = await connection.call(path, operations.ScavengeResp, request);
      expect(status).toBe(0);
      return messages[0]?.getScavengeResult();
    },
    (result) => result === operations.ScavengeResp.ScavengeResult.STARTED,
  );
  connection.close();
}

/** Stream, revision and data of everything in the log, as one reads it who asks the node at `url`. */
async function logOf(url: string): Promise<string[]> {
  const events = await take(EventStoreDBClient.connectionString(url).readAll());
  return events.map(({ event }) => `${event?.revision}@${event?.streamId} ${JSON.stringify(event?.data)}`);
}

/** Backs the folder up, verifies the copy, and answers what a node that serves it has. */
async function backedUp(name: string): Promise<{ said: string; verified: string; log: string[] }> {
  const target = join(folder, name);
  const backup = await runCli(['eventstore', 'backup', data, target], {});
  expect(backup).toMatchObject({ code: 0, stderr: '' });
  const verified = await runCli(['eventstore', 'verify', target], {});
  expect(verified).toMatchObject({ code: 0 });
  const copy = await started(target);
  const log = await logOf(copy.url);
  expect(await copy.stop()).toBe(0);
  return { said: backup.stdout.trim(), verified: verified.stdout.trim(), log };
}

/** Three streams of events, one of which is deleted. */
async function aLogToScavenge(): Promise<void> {
  for (const stream of ['a', 'b', 'c']) await client.appendToStream(stream, someEvents(20));
  await client.deleteStream('b');
}

test('after a compaction it has what the compact file has, and what was written since', async () => {
  await aLogToScavenge();
  const grown = [...dataFiles()];
  await beginScavenge();
  await changedTo(() => !existsSync(join(data, grown[0] ?? '')));
  expect(dataFiles()).toEqual(['events-2.mdb']);
  await client.appendToStream('a', someEvents(5));
  const copy = await backedUp('copy');
  expect(copy.said).toMatch(/ up to position 66$/);
  expect(copy.verified).toMatch(/^ok +46 events, 20 scavenged, /);
  expect(copy.log).toHaveLength(46);
  expect(copy.log).toEqual(await logOf(node.url));
});

test('during a compaction it has everything, and the compaction comes to its end', async () => {
  await aLogToScavenge();
  // Enough for a copy to take a while.
  const large = someEvents(20).map((event) => ({ ...event, data: { filling: 'x'.repeat(48_000) } }));
  for (let append = 0; append < 25; append++) {
    const events = large.map((event) => ({ ...event, id: crypto.randomUUID() }));
    await client.appendToStream('large', events);
  }
  const making = join(data, 'events.compact');
  // The node is held in the middle of one, and where that was over already, of the next.
  for (let isHeld = false; !isHeld; ) {
    const begun = changedTo(() => existsSync(making));
    await beginScavenge();
    await begun;
    node.child.kill('SIGSTOP');
    isHeld = existsSync(making);
    if (!isHeld) node.child.kill('SIGCONT');
  }
  const before = dataFiles();
  const copy = await backedUp('copy');
  expect(copy.verified).toMatch(/^ok +541 events, 20 scavenged, /);
  node.child.kill('SIGCONT');
  await changedTo(() => !existsSync(making));
  expect(dataFiles()).not.toEqual(before);
  expect(copy.log).toEqual(await logOf(node.url));
  await client.appendToStream('a', someEvents(1));
  const later = await backedUp('later');
  expect(later.log).toHaveLength(542);
});
