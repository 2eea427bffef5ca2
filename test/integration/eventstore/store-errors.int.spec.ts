/** The table of the port: what the store says, and what the caller is told. */
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, describe, expect, test } from 'vitest';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import {
  AppendRejected,
  type EventLog,
  EventLogDamaged,
  EventLogRefused,
  EventLogUnavailable,
  StreamDeleted,
} from '../../../src/commands/event-log.ts';
import { limits } from '../../../src/config/limits.ts';
import { anEvent, collect } from '../../support/event-log-contract.ts';
import {
  acknowledge,
  acknowledged,
  answerError,
  aScriptedStore,
  failure,
  type ScriptedStore,
  type StoreScript,
} from './scripted-store.ts';
import { steppedRuntime } from './stepped-runtime.ts';
import { aLog, aNode, quiet } from './support.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aLogOn(script: StoreScript): Promise<{ log: EventLog; store: ScriptedStore }> {
  const store = await aScriptedStore(script);
  cleanups.push(() => store.close());
  const log = createEventStoreEventLog({ url: store.url, runtime: steppedRuntime(), logger: quiet });
  cleanups.push(() => log.close());
  return { log, store };
}

/** gRPC's codes: https://grpc.io/docs/guides/status-codes/ */
const final = [
  [3, 'INVALID_ARGUMENT', undefined, EventLogRefused, 'internal'],
  [7, 'PERMISSION_DENIED', 'access-denied', EventLogRefused, 'internal'],
  [9, 'FAILED_PRECONDITION', 'stream-deleted', StreamDeleted, 'not-found'],
  [12, 'UNIMPLEMENTED', undefined, EventLogRefused, 'internal'],
  [15, 'DATA_LOSS', undefined, EventLogDamaged, 'internal'],
  [16, 'UNAUTHENTICATED', undefined, EventLogRefused, 'internal'],
] as const;

const passing = [
  [1, 'CANCELLED', undefined],
  [2, 'UNKNOWN', undefined],
  [4, 'DEADLINE_EXCEEDED', undefined],
  [5, 'NOT_FOUND', 'not-leader'],
  [8, 'RESOURCE_EXHAUSTED', undefined],
  [9, 'FAILED_PRECONDITION', undefined],
  [10, 'ABORTED', undefined],
  [13, 'INTERNAL', undefined],
  [14, 'UNAVAILABLE', undefined],
] as const;

const reads = [
  ['readStream', (log: EventLog): Promise<unknown> => collect(log.readStream('s'))],
  ['readAll', (log: EventLog): Promise<unknown> => collect(log.readAll())],
  ['head', (log: EventLog): Promise<unknown> => log.head()],
] as const;

describe.each(reads)('%s', (_, read) => {
  test.each(final)('throws at once on %d %s (%s)', async (status, name, exception, type, code) => {
    const { log, store } = await aLogOn({
      read: () => Promise.reject(failure(status, `it is ${name}`, exception)),
    });
    const error: unknown = await read(log).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code, message: expect.stringContaining(name), cause: { code: status } });
    expect(store.reads).toHaveLength(1);
  });

  test.each(passing)(
    'tries again on %d %s (%s), and is unavailable after the deadline',
    async (status, name, exception) => {
      const { log, store } = await aLogOn({
        read: () => Promise.reject(failure(status, `it is ${name}`, exception)),
      });
      const error: unknown = await read(log).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EventLogUnavailable);
      expect(error).toMatchObject({ code: 'unavailable', cause: { code: status } });
      expect(store.reads.length).toBeGreaterThan(5);
    },
  );
});

describe('append', () => {
  test.each([
    ['AccessDenied', EventLogRefused, 'internal'],
    ['StreamDeleted', StreamDeleted, 'not-found'],
    ['MaximumAppendSizeExceeded', AppendRejected, 'too-large'],
    ['BadRequest', AppendRejected, 'internal'],
    ['InvalidTransaction', AppendRejected, 'internal'],
  ] as const)('throws at once on %s', async (type, errorClass, code) => {
    const { log, store } = await aLogOn({ append: (request, call) => answerError(request, call, type) });
    const error: unknown = await log.append('s', 'any', [anEvent()]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ code, message: expect.stringContaining(type) });
    expect(store.appends).toHaveLength(1);
  });

  test.each(['StreamDeleted', 'AccessDenied'])(
    'is unknown when %s comes after a try that may have been written',
    async (type) => {
      const { log } = await aLogOn({
        append: (request, call, count) => answerError(request, call, count === 1 ? 'Timeout' : type),
      });
      expect(await log.append('s', 'any', [anEvent()])).toMatchObject({ kind: 'unknown' });
    },
  );

  test.each([
    [7, 'PERMISSION_DENIED'],
    [12, 'UNIMPLEMENTED'],
    [16, 'UNAUTHENTICATED'],
  ] as const)('throws at once when the call is refused with %d %s', async (status, name) => {
    const { log, store } = await aLogOn({ append: () => Promise.reject(failure(status, name)) });
    const error: unknown = await log.append('s', 'any', [anEvent()]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EventLogRefused);
    expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining(name) });
    expect(store.appends).toHaveLength(1);
  });

  test('goes on when a call that has answered before ends like a refused one', async () => {
    const { log } = await aLogOn({
      append: async (request, call, count) => {
        if (count === 2) throw failure(16, 'UNAUTHENTICATED');
        await acknowledge(request, call);
      },
    });
    await log.append('s', 'any', [anEvent()]);
    expect(await log.append('s', 'any', [anEvent()])).toEqual(acknowledged);
  });

  test.each(passing.map(([status, name]) => [status, name] as const))(
    'is sent again when the call ends with %d %s, and unknown after the deadline',
    async (status, name) => {
      const { log, store } = await aLogOn({ append: () => Promise.reject(failure(status, name)) });
      expect(await log.append('s', 'any', [anEvent()])).toMatchObject({ kind: 'unknown' });
      expect(store.appends.length).toBeGreaterThan(5);
    },
  );

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  test.each([
    ['no events', [], 'internal'],
    [
      'too many events',
      Array.from({ length: limits.eventLog.appendEventsMax + 1 }, () => anEvent()),
      'too-large',
    ],
    ['too many bytes', [anEvent('x'.repeat(limits.eventLog.appendBytesMax))], 'too-large'],
    ['what JSON cannot hold', [anEvent(cyclic)], 'internal'],
    ['data that is not there', [anEvent(() => {})], 'internal'],
  ] as const)('of %s is rejected before it is sent', async (_, events, code) => {
    const { log, store } = await aLogOn({ append: acknowledge });
    const error: unknown = await log.append('s', 'any', events).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppendRejected);
    expect(error).toMatchObject({ code });
    expect(store.appends).toHaveLength(0);
  });
});

describe('the embedded node', () => {
  test('ends a stream for good: reads and appends of it say so', async () => {
    const { node, close } = await aNode();
    cleanups.push(close);
    const log = aLog(node.url);
    cleanups.push(() => log.close());
    await log.append('s', 'no-stream', [anEvent()]);
    const client = EventStoreDBClient.connectionString(node.url);
    cleanups.push(() => client.dispose());
    await client.tombstoneStream('s');
    await expect(collect(log.readStream('s'))).rejects.toThrow(StreamDeleted);
    await expect(log.append('s', 'any', [anEvent()])).rejects.toThrow(StreamDeleted);
  });
});
