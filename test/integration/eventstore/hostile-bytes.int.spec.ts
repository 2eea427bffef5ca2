/**
 * Hostile bytes as the messages of every method, over a socket. Each call ends with a status that means something,
 * the node logs no error, and a client beside it notices nothing.
 */
import { once } from 'node:events';
import type { Http2Session } from 'node:http2';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frame, frameOf } from '../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { anEvent, collect } from '../../support/event-log-contract.ts';
import {
  appendHeader,
  eventIds,
  GROUPS,
  groupConnection,
  nodeRequests,
  OPERATIONS,
  STREAMS,
  USERS,
} from '../../support/event-node-requests.ts';
import { fuzzRuns, hostileBytes } from '../../support/hostile-bytes.ts';
import {
  appendEvent,
  appendHeader as headerFor,
  type Ending,
  endingOf,
  type RawPeer,
  rawPeer,
} from './raw-peer.ts';
import { aLog, aNode } from './support.ts';

const FEATURES = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods';
const { ok } = grpcStatus;
const SHUTDOWN = `${OPERATIONS}/Shutdown`;

let peer: RawPeer;
let log: EventLog;
let closeNode: () => Promise<void>;
/** What the node has logged as an error, which is an exception that nobody expected, and what Node warns of. */
const complaints: string[] = [];
const complain = (warning: Error): void => {
  complaints.push(String(warning));
};

beforeAll(async () => {
  const logger = pino({ level: 'error' }, { write: (line: string) => complaints.push(line) });
  const { node, close } = await aNode({ logger });
  closeNode = close;
  peer = rawPeer(node.port);
  log = aLog(node.url);
  const events = eventIds.map((id) => frameOf(appendEvent(id)));
  const body = Buffer.concat([frameOf(headerFor('order-1')), ...events]);
  expect((await peer.ask('Append', body)).status).toBe(ok);
  process.on('warning', complain);
});
afterAll(async () => {
  process.off('warning', complain);
  peer.close();
  await log.close();
  await closeNode();
});

const bytesOf = (path: string): readonly Uint8Array[] => nodeRequests.get(path) ?? [];

test('the methods tried here are those that the node has', async () => {
  const { messages } = await peer.ask(FEATURES, frame(Buffer.alloc(0)));
  const served = features.SupportedMethods.deserializeBinary(messages[0]!)
    .getMethodsList()
    .map((method) => `/${method.getServiceName()}/${method.getMethodName()}`);
  expect(served.toSorted()).toEqual([...nodeRequests.keys()].map((path) => path.toLowerCase()).toSorted());
});

/**
 * Sends a body, what is in `first` before it so early that the node has answered that. A call that has no end by
 * itself is left when its first answer is there and the node has had the rest.
 */
async function answerTo(path: string, first: Buffer | undefined, body: Buffer): Promise<Ending> {
  const call = peer.call(path);
  const ending = endingOf(call);
  const answer = once(call, 'data').then(() => taken(call.session));
  answer.catch(() => {});
  if (first !== undefined) {
    call.write(first);
    if (endless.has(path)) await Promise.race([answer, ending]);
  }
  call.end(body);
  if (!endless.has(path)) return ending;
  await Promise.race([answer.then(() => taken(call.session)), ending]);
  if (call.destroyed) return ending;
  call.destroy();
  return { ...(await ending), status: ok };
}

const endless = new Set([
  `${STREAMS}/Read`,
  `${GROUPS}/Read`,
  '/event_store.client.monitoring.Monitoring/Stats',
]);

/** Resolves when the node has had what was sent before, and time to act on it. */
function taken(session: Http2Session | undefined): Promise<void> {
  return new Promise((resolve) => {
    session?.ping(() => setImmediate(() => setImmediate(resolve)));
  });
}

/** Sends one of the messages that a method takes, and checks how that ends. */
async function asked(path: string, which = 0): Promise<number> {
  const ending = await answerTo(path, undefined, frame(bytesOf(path)[which]!));
  expectMeant(ending);
  return Number(ending.status);
}

/** What is done after a call that changed something: it meets what the change has left. */
const afterwards: ReadonlyMap<string, readonly string[]> = new Map([
  [`${GROUPS}/Create`, ['Read', 'GetInfo', 'ReplayParked', 'Delete'].map((method) => `${GROUPS}/${method}`)],
  [`${GROUPS}/Update`, ['Read', 'GetInfo', 'Delete', 'Create'].map((method) => `${GROUPS}/${method}`)],
  [`${GROUPS}/Delete`, [`${GROUPS}/Create`]],
  [`${USERS}/Create`, [`${USERS}/Details`]],
  [`${USERS}/Update`, [`${USERS}/Details`]],
  [`${USERS}/Delete`, [`${USERS}/Create`]],
]);

/** Which statuses a call may not end with: those of an error that is the node's own. */
function expectMeant({ status, trailers }: Ending): void {
  expect(status).toBeTypeOf('number');
  expect(status).not.toBe(grpcStatus.unknown);
  // A group that cannot be set up so fails as with EventStoreDB.
  if (status === grpcStatus.internal) {
    expect(trailers['exception'] ?? trailers['grpc-message']).toBeOneOf([
      'persistent-subscription-failed',
      'the request ended inside a message',
    ]);
  }
}

/** A batched append that fails is answered by a message of its own. */
function expectAnswered(messages: readonly Buffer[]): void {
  const answers = messages.map((bytes) => streams.BatchAppendResp.deserializeBinary(bytes));
  expect(answers.map((answer) => answer.getError()?.getMessage())).not.toContain('internal error');
}

/** A client that appends and reads, again and again, until it is stopped. */
function neighbour(): { stop(): Promise<number> } {
  let stopping = false;
  const rounds = (async () => {
    let count = 0;
    for (; !stopping || count === 0; count++) {
      const stream = `beside-${crypto.randomUUID()}`;
      expect(await log.append(stream, 'no-stream', [anEvent()])).toMatchObject({ kind: 'appended' });
      expect(await collect(log.readStream(stream))).toHaveLength(1);
    }
    return count;
  })();
  rounds.catch(() => {});
  return {
    stop() {
      stopping = true;
      return rounds;
    },
  };
}

describe.each([...nodeRequests.keys()].filter((path) => path !== SHUTDOWN))('%s', (path) => {
  let beside: ReturnType<typeof neighbour>;
  beforeEach(async () => {
    complaints.length = 0;
    await asked(`${GROUPS}/Create`);
    if (path.startsWith(USERS)) await asked(`${USERS}/Create`);
    beside = neighbour();
  });
  afterEach(async () => {
    expect(await beside.stop()).toBeGreaterThan(0);
  });

  /** What comes before the hostile messages in some of the calls. */
  const head = new Map([
    [`${STREAMS}/Append`, frameOf(appendHeader())],
    [`${GROUPS}/Read`, frameOf(groupConnection())],
  ]).get(path);
  const calls = fc.record({
    hasHead: fc.boolean(),
    messages: fc.array(hostileBytes(bytesOf(path)), { minLength: 1, maxLength: 3 }),
    /** Of the last message. */
    isCut: fc.nat(9).map((drawn) => drawn === 0),
  });

  test('ends each call with a status that is meant', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async ({ hasHead, messages, isCut }) => {
        const body = Buffer.concat(messages.map((message) => frame(message)));
        const ending = await answerTo(path, hasHead ? head : undefined, isCut ? body.subarray(0, -1) : body);
        expectMeant(ending);
        if (path.endsWith('/BatchAppend')) expectAnswered(ending.messages);
        if (ending.status === ok) for (const next of afterwards.get(path) ?? []) await asked(next);
        expect(complaints).toEqual([]);
      }),
      // What creates users and changes passwords hashes them, which is slow.
      { numRuns: fuzzRuns(path.startsWith(USERS) ? 30 : 100) },
    );
    // What got in must not harm those who look at it.
    expect([await asked(`${GROUPS}/List`), await asked(`${USERS}/Details`, 1)]).toEqual([ok, ok]);
    expect(complaints).toEqual([]);
  });
});

test('a shutdown is one, whatever its message says', async () => {
  for (const message of fc.sample(hostileBytes(bytesOf(SHUTDOWN)), 3)) {
    const { node, close } = await aNode();
    const operator = rawPeer(node.port);
    expect((await operator.ask(SHUTDOWN, frame(message))).status).toBe(ok);
    await node.stopped;
    operator.close();
    await close();
  }
});
