/**
 * The power goes at any moment: what the node wrote and synced is recorded with strace, the folders that the disk
 * can then hold are made from the record, and each is opened and compared with what had been acknowledged.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../integration/eventstore/support.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import { Disk, fates, stateKey, writeState } from './event-node/power-loss.ts';
import { type Operation, readTrace, straceOptions } from './event-node/trace.ts';
import type { ReopenReport, ReopenRequest } from './fixtures/reopen-data-folders.ts';

const seed = Number(process.env.EVENT_NODE_POWER_SEED ?? randomInt(1, 2 ** 31));
/** `EVENT_NODE_POWER_FOLDERS=100000 npm test -- --all --tier int power-loss` tries all that there are. */
const foldersMax = Number(process.env.EVENT_NODE_POWER_FOLDERS ?? '200');
const writers = 4;
const appendsPerWriter = 8;
/** Every so many folders is opened just as a start does it, which takes a process. */
const asStartDoesEvery = 40;

interface Acknowledged {
  readonly stream: string;
  readonly ids: readonly string[];
  /** When its answer began to leave the node. */
  readonly moment: number;
}

const folder = temporaryFolder();
const dataDir = join(folder.path, 'data');
const sent = new Map<string, readonly string[]>();
let operations: readonly Operation[];
let acknowledged: readonly Acknowledged[];
let reopener: ChildProcess;

beforeAll(async () => {
  operations = readTrace(await recordNode(), dataDir);
  acknowledged = operations.flatMap((operation) => {
    if (operation.kind !== 'sent') return [];
    const names = operation.bytes.toString('latin1').match(/mark-\d+-\d+-end/g) ?? [];
    return names.map((stream) => ({ stream, ids: sent.get(stream) ?? [], moment: operation.start }));
  });
});
afterAll(async () => {
  reopener?.kill('SIGKILL');
  folder.remove();
});

describe(`what the disk holds when the power goes (seed ${seed})`, () => {
  test('the record has every answer, and the names of the files are durable before the first', () => {
    expect(new Set(acknowledged.map(({ stream }) => stream))).toEqual(new Set(sent.keys()));
    const firstAnswer = Math.min(...acknowledged.map(({ moment }) => moment));
    const begun = operations.find((op) => op.kind === 'create' && op.path === join(dataDir, 'begun'));
    const named = operations.find((op) => op.kind === 'rename' && op.to === join(dataDir, 'events-1.mdb'));
    for (const name of [named, begun]) {
      const after = name?.end ?? Number.POSITIVE_INFINITY;
      const sync = operations.find((op) => op.kind === 'sync' && op.path === dataDir && op.start > after);
      expect(sync?.end).toBeLessThan(firstAnswer);
    }
  });

  test('is everything that was acknowledged, and no append by half', async () => {
    const { failures, folders } = await tryFolders(operations, 10);
    process.stdout.write(`power loss (seed ${seed}): ${folders} different folders opened\n`);
    expect(failures).toEqual([]);
    expect(folders).toBeGreaterThan(100);
  });

  test('is not, when the node does not sync: so the comparison finds a loss', async () => {
    const unsynced = operations.flatMap((operation): Operation[] => {
      if (operation.kind === 'sync' && operation.path !== dataDir) return [];
      return operation.kind === 'write' ? [{ ...operation, durable: false }] : [operation];
    });
    const { failures } = await tryFolders(unsynced, 1);
    expect(failures).not.toEqual([]);
  });
});

/** Runs a node under strace while clients append to it; it compacts, too. Answers the record. */
async function recordNode(): Promise<string> {
  mkdirSync(dataDir);
  const record = join(folder.path, 'record');
  const node = join(import.meta.dirname, 'fixtures/scavenging-node.ts');
  const child = spawn('strace', [...straceOptions, '-o', record, process.execPath, node, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const client = EventStoreDBClient.connectionString(JSON.parse(line).listening);
  await appendAll(client, 0);
  await client.appendToStream('gone', [jsonEvent({ type: 'T', data: {} })]);
  await client.deleteStream('gone');
  child.send('scavenge');
  const [answer] = await once(child, 'message');
  expect(answer).toBe('scavenged');
  await appendAll(client, 1);
  await client.dispose();
  // The node ends with its parent's channel; strace ends with it, when the record is whole.
  child.disconnect();
  await gone;
  return readFileSync(record, 'latin1');
}

/** Each append goes to a stream of its own, whose name comes back in the answer and is thus in the record. */
async function appendAll(client: EventStoreDBClient, part: number): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let index = 0; index < appendsPerWriter; index++) {
        const ids = Array.from({ length: 1 + (index % 3) }, () => randomUUID());
        const stream = `mark-${part * writers + writer}-${index}-end`;
        sent.set(stream, ids);
        const text = 'x'.repeat(index === 5 ? 9_000 : 200);
        const events = ids.map((id) => jsonEvent({ id, type: 'Happened', data: { text } }));
        await client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
      }
    }),
  );
}

/** Tries up to `foldersMax` different folders, of all moments and fates. */
async function tryFolders(record: readonly Operation[], failuresMax: number) {
  const disk = new Disk(record, dataDir);
  const { random } = virtualRuntime({ seed });
  const fraction = (): number => random.fraction();
  const tried = new Set<string>();
  const nameSets = new Set<string>();
  const failures: string[] = [];
  reopener?.kill('SIGKILL');
  reopener = aReopener();
  const losses = disk.moments.flatMap((moment) => fates.map((fate) => ({ moment, fate })));
  for (const { moment, fate } of shuffled(losses, fraction)) {
    if (tried.size >= foldersMax || failures.length >= failuresMax) break;
    const state = disk.stateAt(moment, fate, fraction);
    const known = acknowledged.filter((answer) => answer.moment < moment);
    // The same folder again, of which no more is asked.
    const key = `${stateKey(state)} ${known.length}`;
    if (tried.has(key)) continue;
    tried.add(key);
    const names = [...state.keys()].sort().join(' ');
    const asStartDoes = !nameSets.has(names) || tried.size % asStartDoesEvery === 0;
    nameSets.add(names);
    const path = join(folder.path, 'state');
    writeState(state, path);
    const problems = problemsOf(await reopened({ dataDir: path, asStartDoes }), known);
    rmSync(path, { recursive: true });
    for (const problem of problems) {
      failures.push(`line ${moment}, of what is not synced ${fate} (${names}): ${problem}`);
    }
  }
  return { failures, folders: tried.size };
}

function shuffled<Item>(items: readonly Item[], fraction: () => number): Item[] {
  const ordered = items.map((item) => ({ item, key: fraction() }));
  return ordered.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function problemsOf(report: ReopenReport, known: readonly Acknowledged[]): string[] {
  if (report.refused !== undefined) return [report.refused];
  const lost = known.filter(({ stream, ids }) => report.streams[stream]?.join() !== ids.join());
  const halves = Object.entries(report.streams).filter(([stream, ids]) => {
    const all = sent.get(stream);
    return all !== undefined && all.join() !== ids.join();
  });
  return [
    ...report.problems,
    ...lost.map(({ stream }) => `${stream} was acknowledged and is lost`),
    ...halves.map(([stream]) => `${stream} is there by half`),
  ];
}

const aReopener = (): ChildProcess =>
  fork(join(import.meta.dirname, 'fixtures/reopen-data-folders.ts'), { execArgv: [] });

async function reopened(request: ReopenRequest): Promise<ReopenReport> {
  const answer = new Promise<ReopenReport>((resolve) => {
    const child = reopener;
    const ended = (_: unknown, signal: string | null): void => {
      reopener = aReopener();
      resolve({ refused: `reading it ended with ${signal}` });
    };
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as ReopenReport);
    });
    child.once('exit', ended);
  });
  reopener.send(request);
  return answer;
}
