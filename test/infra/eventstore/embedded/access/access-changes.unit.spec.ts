/** When those who follow a caller's rights are told, and when no more. */
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AccessChanges } from '../../../../../infra/eventstore/embedded/access/access-changes.ts';
import type { Caller } from '../../../../../infra/eventstore/embedded/access/caller.ts';
import { UserDirectory } from '../../../../../infra/eventstore/embedded/access/user-directory.ts';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const { clock, ids } = systemRuntime();
const password = { kdf: 'none', salt: '', hash: '' };
const ann = { login: 'ann', fullName: 'Ann', groups: ['readers'], disabled: false, password };
let dataDir: string;
let store: EventStore;
let users: UserDirectory;
let changes: AccessChanges;

beforeEach(async () => {
  dataDir = temporaryFolder();
  store = new EventStore({ dataDir, clock, ids, logger: pino({ level: 'silent' }) });
  users = new UserDirectory(store, ids);
  changes = new AccessChanges(store, users);
  await users.create(ann);
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A call of `ann`, who was in these groups when she was identified, on the stream `s`: whom it is told of. */
function followed(...groups: string[]) {
  const told: (Caller | undefined)[] = [];
  const over = new AbortController();
  const call = { caller: { login: 'ann', groups }, signal: over.signal, fail: () => {} };
  changes.follow(call, 's', (caller) => told.push(caller));
  return { told, over };
}
const annIn = (...groups: string[]): Caller => ({ login: 'ann', groups });
const change = (to: object) => users.replace(users.find('ann')!, { ...ann, ...to });
const write = (stream: string) =>
  store.append(stream, { kind: 'any' }, [
    {
      id: ids.next(),
      type: 'T',
      contentType: 'application/json',
      data: Buffer.from('{}'),
      metadata: new Uint8Array(),
    },
  ]);

test('one who was changed since he was identified is told of at once', async () => {
  expect(followed('readers').told).toEqual([]);
  expect(followed('writers').told).toEqual([annIn('readers')]);
  await change({ disabled: true });
  expect(followed('readers').told).toEqual([undefined]);
});

test('he is told of before the one who changed him is answered', async () => {
  const { told } = followed('readers');
  await change({ groups: ['writers'] });
  expect(told).toEqual([annIn('writers')]);
});

test.each(['$$s', '$settings', '$$$settings', '$user-ann', '$$$user-ann'])(
  'a write to %s is told of',
  async (stream) => {
    const { told } = followed('readers');
    await write(stream);
    expect(told).toHaveLength(1);
  },
);

test.each(['s', '$$other', '$user-bob', '$system'])('a write to %s is not', async (stream) => {
  const { told } = followed('readers');
  await write(stream);
  expect(told).toEqual([]);
});

test('a call that is over is told nothing', async () => {
  const { told, over } = followed('readers');
  over.abort();
  await change({ disabled: true });
  expect(told).toEqual([]);
});
