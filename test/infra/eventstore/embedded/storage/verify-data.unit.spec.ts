import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { Tables } from '../../../../../infra/eventstore/embedded/storage/tables.ts';
import { verifyTables } from '../../../../../infra/eventstore/embedded/storage/verify-data.ts';

const ids = { next: () => crypto.randomUUID() };
const clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hongbao-verify-data-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test('a stream that was ended before it had an event is in order', async () => {
  const store = new EventStore({ dataDir, clock, ids, logger: pino({ level: 'silent' }) });
  await store.tombstone('s', { kind: 'any' });
  await store.close();
  const tables = new Tables(dataDir);
  expect(verifyTables(tables)).toMatchObject({ events: 1, problems: [] });
  await tables.close();
});
