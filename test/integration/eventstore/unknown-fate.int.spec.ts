/** Appends whose answer is late, lost, twice, or never comes. The store is a real server that misbehaves on cue. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterEach, expect, test } from 'vitest';
import type { GrpcCall } from '../../../infra/eventstore/embedded/grpc-call.ts';
import { frameOf } from '../../../infra/eventstore/embedded/grpc-frames.ts';
import { openAccess } from '../../../infra/eventstore/embedded/access/access.ts';
import { NodeMetrics } from '../../../infra/eventstore/embedded/node-metrics.ts';
import { startGrpcServer } from '../../../infra/eventstore/embedded/grpc-server.ts';
import { GrpcError, grpcStatus } from '../../../infra/eventstore/embedded/grpc-status.ts';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import { type EventLog, EventLogUnavailable } from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { anEvent, collect } from '../../support/event-log-contract.ts';
import { quiet, runtime } from './support.ts';

/** Real time, twenty times faster: deadlines of seconds pass in fractions of one. */
const HURRY = 20;
const hurried: Runtime = {
  ...runtime,
  clock: { nowMs: () => runtime.clock.nowMs(), monotonicMs: () => runtime.clock.monotonicMs() * HURRY },
  timers: {
    after: (delayMs, callback) => runtime.timers.after(delayMs / HURRY, callback),
    every: (periodMs, callback) => runtime.timers.every(periodMs / HURRY, callback),
    sleep: (delayMs, signal) => runtime.timers.sleep(delayMs / HURRY, signal),
  },
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type OnAppend = (request: streams.BatchAppendReq, call: GrpcCall, count: number) => Promise<void>;

/** A store that hears appends and does with them what the test says. */
async function aStore(onAppend: OnAppend): Promise<{ log: EventLog; received: Buffer[] }> {
  const received: Buffer[] = [];
  const batchAppend = async (call: GrpcCall): Promise<void> => {
    for await (const bytes of call.messages()) {
      received.push(Buffer.from(bytes));
      await onAppend(streams.BatchAppendReq.deserializeBinary(bytes), call, received.length);
    }
  };
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    handlers: new Map([['/event_store.client.streams.Streams/BatchAppend', batchAppend]]),
    identify: openAccess.identify,
    metrics: new NodeMetrics(),
    pages: new Map(),
    timers: runtime.timers,
    logger: quiet,
  });
  const log = aHurriedLog(server.port);
  cleanups.push(
    () => server.close(async () => {}),
    () => log.close(),
  );
  return { log, received };
}

function aHurriedLog(port: number): EventLog {
  return createEventStoreEventLog({
    url: `esdb://127.0.0.1:${port}?tls=false`,
    runtime: hurried,
    logger: quiet,
  });
}

async function answer(request: streams.BatchAppendReq, call: GrpcCall): Promise<void> {
  const position = new shared.AllStreamPosition();
  position.setCommitPosition('7');
  position.setPreparePosition('7');
  const success = new streams.BatchAppendResp.Success().setCurrentRevision('0').setPosition(position);
  const response = new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setSuccess(success);
  await call.write(frameOf(response));
}

const appended = { kind: 'appended', revision: 0, position: 7n };

test('an append without an answer is sent again byte for byte, and its answer then counts', async () => {
  const { log, received } = await aStore(async (request, call, count) => {
    if (count === 3) await answer(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(appended);
  expect(received).toHaveLength(3);
  expect(received[1]).toEqual(received[0]);
  expect(received[2]).toEqual(received[0]);
});

test('an append whose call broke is sent again over a new one', async () => {
  const { log, received } = await aStore(async (request, call, count) => {
    if (count < 3) throw new GrpcError(grpcStatus.unavailable, 'not now');
    await answer(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(appended);
  expect(new Set(received.map((bytes) => bytes.toString('hex'))).size).toBe(1);
});

test('one broken call costs no other append its answer', async () => {
  const { log } = await aStore(async (request, call, count) => {
    if (count === 10) throw new GrpcError(grpcStatus.unavailable, 'not now');
    if (count > 10) await answer(request, call);
  });
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => log.append(`s-${index}`, 'any', [anEvent()])),
  );
  expect(results).toEqual(results.map(() => appended));
});

test('answers that nobody waits for, or that come twice, do nothing', async () => {
  const { log } = await aStore(async (request, call) => {
    const stranger = new streams.BatchAppendReq().setCorrelationId(
      new shared.UUID().setString(crypto.randomUUID()),
    );
    await answer(stranger, call);
    await answer(request, call);
    await answer(request, call);
  });
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(appended);
  expect(await log.append('s', 'no-stream', [anEvent()])).toEqual(appended);
});

test('an append that is never answered is unknown after the deadline, not an exception', async () => {
  const { log } = await aStore(async () => {});
  const before = runtime.clock.monotonicMs();
  expect(await log.append('s', 'no-stream', [anEvent()])).toMatchObject({ kind: 'unknown' });
  const tookMs = (runtime.clock.monotonicMs() - before) * HURRY;
  expect(tookMs).toBeGreaterThan(limits.eventLog.appendDeadlineMs / 2);
});

test('a host that accepts connections and says nothing makes appends unknown and reads unavailable', async () => {
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const log = aHurriedLog((server.address() as AddressInfo).port);
  cleanups.push(
    () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
    () => log.close(),
  );
  expect(await log.append('s', 'no-stream', [anEvent()])).toMatchObject({ kind: 'unknown' });
  await expect(collect(log.readStream('s'))).rejects.toThrow(EventLogUnavailable);
  await expect(log.head()).rejects.toThrow(EventLogUnavailable);
});

test('an append that is too large for any store is rejected at once', async () => {
  const { log, received } = await aStore(async () => {});
  const big = anEvent({ text: 'x'.repeat(limits.eventLog.appendBytesMax) });
  await expect(log.append('s', 'no-stream', [big])).rejects.toThrow(/at most/);
  expect(received).toEqual([]);
});

test('a closed log refuses, and its subscriptions end', async () => {
  const { log } = await aStore(answer);
  const subscription = log.subscribe({ after: -1n });
  const next = subscription[Symbol.asyncIterator]().next();
  await log.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(log.append('s', 'any', [anEvent()])).rejects.toThrow(EventLogUnavailable);
});
