import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventStore, StoreClosing } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import {
  type ProposedEvent,
  RecordCorrupt,
} from '../../../../../infra/eventstore/embedded/storage/stored-record.ts';
import { dataFile } from '../../../../../infra/eventstore/embedded/storage/data-files.ts';

const ids = { next: () => crypto.randomUUID() };
const clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hongbao-event-store-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (): EventStore => new EventStore({ dataDir, clock, ids, logger: pino({ level: 'silent' }) });
const event = (text = ''): ProposedEvent => ({
  id: crypto.randomUUID(),
  type: 'T',
  contentType: 'application/json',
  data: Buffer.from(JSON.stringify({ text })),
  metadata: new Uint8Array(),
});
const noStream = { kind: 'no-stream' } as const;

test('appends that queue behind one commit see each other', async () => {
  const store = open();
  const [a, b, c, d] = [event(), event(), event(), event()];
  const outcomes = await Promise.all([
    store.append('s', noStream, [a]),
    store.append('s', { kind: 'revision', revision: 0 }, [b]),
    store.append('s', noStream, [c]),
    store.append('s', noStream, [a]),
    store.append('t', noStream, [d]),
    store.append('s', { kind: 'any' }, [b]),
  ]);
  expect(outcomes).toEqual([
    { kind: 'appended', revision: 0, position: 1 },
    { kind: 'appended', revision: 1, position: 2 },
    { kind: 'wrong-expected-version', currentRevision: 1 },
    { kind: 'appended', revision: 0, position: 1 },
    { kind: 'appended', revision: 0, position: 3 },
    { kind: 'appended', revision: 1, position: 2 },
  ]);
  await store.close();
});

test('what was appended is there after it is opened again, and goes on from there', async () => {
  const first = open();
  await first.append('s', noStream, [event('one'), event('two')]);
  await first.append('t', noStream, [event('three')]);
  await first.close();
  const second = open();
  expect(second.lastPosition).toBe(3);
  expect(second.streamReader('s')(1)?.wire.toString()).toContain('two');
  expect(await second.append('u', noStream, [event()])).toEqual({
    kind: 'appended',
    revision: 0,
    position: 4,
  });
  expect(second.streamReader('t')(0)?.stream()).toBe('t');
  expect(second.streamReader('u')(0)?.stream()).toBe('u');
  await second.close();
});

test('close answers what was accepted, and takes nothing more', async () => {
  const store = open();
  const accepted = store.append('s', noStream, [event()]);
  const closed = store.close();
  expect(await accepted).toMatchObject({ kind: 'appended' });
  await closed;
  await expect(store.append('s', { kind: 'any' }, [event()])).rejects.toThrow(/closed/);
});

test('a record that changed on disk is refused and its neighbours are served', async () => {
  const first = open();
  await first.append('s', noStream, [event('before'), event('the-victim'), event('behind')]);
  await first.close();
  const file = dataFile(dataDir);
  const bytes = readFileSync(file);
  const victim = Buffer.from('the-victim');
  // Copy-on-write pages: an older copy of the record may lie in the file too.
  for (let at = bytes.indexOf(victim); at >= 0; at = bytes.indexOf(victim, at + 1)) bytes[at] = 0x54;
  writeFileSync(file, bytes);
  const second = open();
  expect(second.record(1)?.position).toBe(1);
  expect(() => second.record(2)).toThrow(RecordCorrupt);
  expect(second.record(3)?.position).toBe(3);
  await second.close();
});

test('draining takes nothing more and ends, though those who write never pause', async () => {
  const store = open();
  let written = 0;
  const writer = async (stream: string): Promise<void> => {
    for (;;) {
      await store.append(stream, { kind: 'any' }, [event()]);
      written++;
    }
  };
  const writers = Array.from({ length: 8 }, (_, index) => writer(`s-${index}`));
  await store.append('first', noStream, [event()]);
  await store.drain();
  for (const outcome of await Promise.allSettled(writers)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreClosing) });
  }
  expect(store.lastPosition).toBe(written + 1);
  await store.close();
});
