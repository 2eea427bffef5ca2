import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  EventStore,
  StoreUnavailable,
} from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { LogWatch } from '../../../../../infra/eventstore/embedded/persistent-subscriptions/log-watch.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';

const { clock, ids } = systemRuntime();
let dataDir: string;
let store: EventStore;
let watch: LogWatch;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hongbao-log-watch-'));
  store = new EventStore({ dataDir, clock, ids, logger: pino({ level: 'silent' }) });
  watch = new LogWatch(store);
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const contentType = 'application/json';
const append = (stream: string, type = 'T') =>
  store.append(stream, { kind: 'any' }, [
    { id: ids.next(), type, contentType, data: Buffer.from('{}'), metadata: new Uint8Array() },
  ]);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Waits for each of these sources, and lists those that were woken. */
function waiting(...sources: (string | undefined)[]) {
  const woken: (string | undefined)[] = [];
  const stop = new AbortController();
  for (const source of sources) {
    watch.moved(source, store.lastPosition, stop.signal).then(
      () => woken.push(source),
      // The store was closed: the test is over.
      () => {},
    );
  }
  return { woken, stop };
}

test('wakes those who wait for the stream, its category, its event type or the log, and nobody else', async () => {
  const { woken } = waiting('a-1', 'a-2', '$ce-a', '$ce-b', '$et-Told', '$et-Other', undefined);
  await append('a-1', 'Told');
  await settled();
  expect(new Set(woken)).toEqual(new Set(['a-1', '$ce-a', '$et-Told', undefined]));
});

test('wakes later what was not woken before', async () => {
  const { woken } = waiting('a', 'b');
  await append('a');
  await append('other');
  await append('b');
  await settled();
  expect(woken).toEqual(['a', 'b']);
});

test('does not wait for what has happened since the position that was seen', async () => {
  const seen = store.lastPosition;
  await append('a');
  await watch.moved('a', seen, new AbortController().signal);
});

test('does not miss what comes between two waits', async () => {
  const { signal } = new AbortController();
  const first = watch.moved('a', store.lastPosition, signal);
  await append('a');
  await first;
  const seen = store.lastPosition;
  await append('other');
  await append('a');
  await watch.moved('a', seen, signal);
});

test('stops waiting when it is told to', async () => {
  const { woken, stop } = waiting('a');
  stop.abort();
  await settled();
  expect(woken).toEqual(['a']);
});

test('says that the store is closed, instead of waking again and again', async () => {
  const { signal } = new AbortController();
  const waits = expect(watch.moved('a', store.lastPosition, signal)).rejects.toThrow(StoreUnavailable);
  await store.close();
  await waits;
  await expect(watch.moved('a', store.lastPosition, signal)).rejects.toThrow(StoreUnavailable);
});
