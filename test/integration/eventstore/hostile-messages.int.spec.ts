/** The largest messages that a node takes, of as many parts as they can have, to a node in a process of its own. */
import type { ClientHttp2Stream } from 'node:http2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frame } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent } from '../../support/event-log-contract.ts';
import { nodeRequests, OPERATIONS } from '../../support/event-node-requests.ts';
import { encodeFields, type Field } from '../../support/wire-fields.ts';
import { rawPeer, rssBytes } from './raw-peer.ts';
import { aLog, type NodeProcess, nodeProcess, temporaryFolder } from './support.ts';

/** What all of this may cost the node, with its garbage. */
const GROWTH_BYTES_MAX = 320 * 1024 * 1024;
const AT_ONCE = 8;

let node: NodeProcess;
let log: EventLog;
let removeFolder: () => void;

beforeAll(async () => {
  const folder = temporaryFolder();
  removeFolder = folder.remove;
  node = await nodeProcess(folder.path);
  log = aLog(node.url);
  for (let round = 0; round < 20; round++) await log.append('warm', 'any', [anEvent()]);
});
afterAll(() => removeFolder());

/** A message of empty parts, in a message of its own in field 1, as most requests have it, or right away. */
function crowded(part: number, isNested: boolean): Buffer {
  const empty: Field = [part, { wire: 2, bytes: Buffer.alloc(0) }];
  const parts = encodeFields([empty]);
  const count = Math.floor((limits.eventNode.requestBytesMax - 10) / parts.length);
  const bytes = Buffer.alloc(count * parts.length, parts);
  return isNested ? encodeFields([[1, { wire: 2, bytes }]]) : bytes;
}

/** How a call with this body ends; OK when it has no end by itself, and is being answered. */
async function statusOf(call: ClientHttp2Stream, body: Buffer): Promise<number> {
  const status = new Promise<number>((resolve) => {
    call.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    });
    call.on('trailers', (trailers) => resolve(Number(trailers['grpc-status'])));
    call.on('data', () => resolve(grpcStatus.ok));
  });
  call.end(body);
  await status;
  call.destroy();
  return status;
}

test('they cost it what they are, and nobody else anything', async () => {
  const before = rssBytes(node.child.pid!);
  const peer = rawPeer(node.port);
  for (const path of nodeRequests.keys()) {
    if (path === `${OPERATIONS}/Shutdown`) continue;
    for (const message of [crowded(1, true), crowded(4, true), crowded(2, false)]) {
      const statuses = Array.from({ length: AT_ONCE }, () => statusOf(peer.call(path), frame(message)));
      for (const status of await Promise.all(statuses)) {
        expect(status).not.toBeOneOf([grpcStatus.unknown, grpcStatus.internal]);
      }
    }
    expect(await log.append('beside', 'any', [anEvent()])).toMatchObject({ kind: 'appended' });
  }
  expect(rssBytes(node.child.pid!) - before).toBeLessThan(GROWTH_BYTES_MAX);
  peer.close();
  await log.close();
  expect(await node.stop()).toBe(0);
});
