/** Appends made to fill the node's memory or to keep it busy. The node is a process of its own, to be measured. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { frame, frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent, collect } from '../../support/event-log-contract.ts';
import { batchMessage, endingOf, type RawPeer, rawPeer, rssBytes } from './raw-peer.ts';
import { aLog, type NodeProcess, nodeProcess, temporaryFolder } from './support.ts';

/** What any of these may cost the node, with its garbage: the worst of before was over a GiB. */
const GROWTH_BYTES_MAX = 320 * 1024 * 1024;
const MIB = 1024 * 1024;

let node: NodeProcess;
let log: EventLog;
let removeFolder: () => void;
let peer: RawPeer;

beforeAll(async () => {
  const folder = temporaryFolder();
  removeFolder = folder.remove;
  node = await nodeProcess(folder.path);
  log = aLog(node.url);
  // Warm: what the node takes once is not what is measured.
  for (let round = 0; round < 20; round++) await log.append('warm', 'any', [anEvent()]);
});
afterAll(async () => {
  await log.close();
  await node.stop();
  removeFolder();
});

beforeEach(() => {
  peer = rawPeer(node.port);
});
afterEach(() => peer.close());

/** Another client's append and read, while all else goes on. */
async function expectServed(): Promise<void> {
  const stream = `served-${crypto.randomUUID()}`;
  expect(await log.append(stream, 'no-stream', [anEvent()])).toMatchObject({ kind: 'appended' });
  expect(await collect(log.readStream(stream))).toHaveLength(1);
}

async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = rssBytes(node.child.pid!);
  await work();
  return rssBytes(node.child.pid!) - before;
}

test('a message of millions of empty events ends its call, at once', async () => {
  const message = frame(
    Buffer.from('1a00'.repeat(limits.eventNode.receiveBytesMax / 2 - 8), 'hex').subarray(
      0,
      limits.eventNode.receiveBytesMax,
    ),
  );
  const growth = await growthDuring(async () => {
    const endings = Array.from({ length: 8 }, () => peer.ask('BatchAppend', message));
    await expectServed();
    for (const { status } of await Promise.all(endings)) expect(status).toBe(grpcStatus.resourceExhausted);
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
});

test.each([
  ['declared', 5],
  ['sent', 100 * MIB],
])('a message of 100 MiB that is %s ends its call', async (_, sentBytes) => {
  const head = Buffer.from([0, 0x06, 0x40, 0, 0]);
  const growth = await growthDuring(async () => {
    const body = Buffer.alloc(sentBytes);
    head.copy(body);
    for (const method of ['Append', 'BatchAppend', 'Read', 'Delete']) {
      const ending = peer.ask(method, body);
      await expectServed();
      expect((await ending).status).toBe(grpcStatus.resourceExhausted);
    }
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
});

test('unfinished appends keep their events, not the messages that these came in', async () => {
  const calls = [peer.call('BatchAppend'), peer.call('BatchAppend')];
  const growth = await growthDuring(async () => {
    for (const call of calls) {
      for (let count = 0; count < limits.eventNode.batchAppendsUnfinishedMax - 1; count++) {
        const message = batchMessage({ stream: 'unfinished', eventBytes: [], final: false });
        const [event] = batchMessage({ stream: '', eventBytes: [1] }).getProposedMessagesList();
        // A field that comes twice counts as its last: the first 3 MiB are of nobody's event.
        const twice = Buffer.concat([dataField(3 * MIB), Buffer.from(event!.serializeBinary())]);
        call.write(frame(Buffer.concat([message.serializeBinary(), eventField(twice)])));
      }
      // An answer on the same call: all before it was taken in.
      call.write(frameOf(batchMessage({ stream: 'finished' })));
      await new Promise((resolve) => call.once('data', resolve));
    }
    await expectServed();
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
  for (const call of calls) call.close();
});

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
const dataField = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from([0x22, ...varint(bytes)]), Buffer.alloc(bytes)]);
const eventField = (event: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x1a, ...varint(event.length)]), event]);

test('unfinished appends of all calls share a budget, which finished ones do not need', async () => {
  const calls = Array.from({ length: 8 }, () => peer.call('BatchAppend'));
  const growth = await growthDuring(async () => {
    const endings = calls.map((call) => endingOf(call));
    for (const call of calls) {
      for (let count = 0; count < 14; count++) {
        call.write(frameOf(batchMessage({ stream: 'hoard', eventBytes: [MIB - 10_000], final: false })));
      }
    }
    // 8 times 14 MiB: over the budget, calls end, and there is room for the rest.
    expect((await Promise.race(endings)).status).toBe(grpcStatus.resourceExhausted);
    await expectServed();
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
  for (const call of calls) call.close();
});

test('an append over the limit in many messages is refused by itself, and its call lives on', async () => {
  const call = peer.call('BatchAppend');
  const ending = endingOf(call);
  const id = crypto.randomUUID();
  const growth = await growthDuring(async () => {
    for (let count = 0; count < 40; count++) {
      call.write(frameOf(batchMessage({ stream: 'large', id, eventBytes: [3 * MIB], final: false })));
    }
    call.write(frameOf(batchMessage({ stream: 'large', id })));
    call.end(frameOf(batchMessage({ stream: 'small' })));
    await expectServed();
    const { status, messages } = await ending;
    expect(status).toBe(grpcStatus.ok);
    const answers = messages.map((bytes) => streams.BatchAppendResp.deserializeBinary(bytes));
    expect(answers.map((answer) => answer.getError()?.getMessage())).toContainEqual(
      expect.stringContaining('an append has at most'),
    );
    expect(answers.filter((answer) => answer.hasSuccess())).toHaveLength(1);
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
});

test('a message in pieces of one byte costs its bytes', async () => {
  const bytes = frameOf(batchMessage({ stream: 'dripped', eventBytes: [20_000] }));
  const call = peer.call('BatchAppend');
  const ending = endingOf(call);
  const growth = await growthDuring(async () => {
    for (const byte of bytes.subarray(0, -1)) call.write(Buffer.from([byte]));
    await expectServed();
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
  call.end(bytes.subarray(-1));
  const { status, messages } = await ending;
  expect(status).toBe(grpcStatus.ok);
  expect(streams.BatchAppendResp.deserializeBinary(messages[0]!).hasSuccess()).toBe(true);
});
