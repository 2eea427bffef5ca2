import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Access } from '../../../../../infra/eventstore/embedded/access/access.ts';
import { createAuthenticator } from '../../../../../infra/eventstore/embedded/access/authenticator.ts';
import { anonymous } from '../../../../../infra/eventstore/embedded/access/caller.ts';
import { createDefaultUsers } from '../../../../../infra/eventstore/embedded/access/default-users.ts';
import type { PasswordHasher } from '../../../../../infra/eventstore/embedded/access/password-hash.ts';
import {
  type FoundUser,
  UserDirectory,
} from '../../../../../infra/eventstore/embedded/access/user-directory.ts';
import { EventStore } from '../../../../../infra/eventstore/embedded/storage/event-store.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const runtime = systemRuntime();
const logger = pino({ level: 'silent' });
/** Quick, unlike the real one, and as good for who may pass. */
const hasher: PasswordHasher = {
  hash: async (password) => {
    const salt = crypto.randomUUID();
    return { kdf: 'quick', salt, hash: digest(salt, password) };
  },
  verify: async (stored, password) => stored?.hash === digest(stored?.salt ?? '', password),
};
const digest = (salt: string, password: string): string =>
  createHash('sha256').update(`${salt} ${password}`).digest('base64');
let store: EventStore;
let users: UserDirectory;
let hashes: number;
let identify: Access['identify'];
let dataDir: string;

beforeEach(async () => {
  const { clock, ids, random } = runtime;
  dataDir = temporaryFolder();
  store = new EventStore({ dataDir, clock, ids, logger });
  users = new UserDirectory(store, ids);
  await createDefaultUsers(users, hasher, logger);
  hashes = 0;
  const counting: PasswordHasher = {
    ...hasher,
    verify: (stored, password) => {
      hashes++;
      return hasher.verify(stored, password);
    },
  };
  identify = createAuthenticator({ users, hasher: counting, random });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const basic = (login: string, password: string): string =>
  `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
const right = basic('admin', 'changeit');
const unauthenticated = { status: 16 };
const admin = (): FoundUser => users.find('admin')!;

test('no credentials are nobody, at once', () => {
  expect(identify(undefined)).toBe(anonymous);
});

test('the default users are let in with their groups', async () => {
  expect(await identify(right)).toEqual({ login: 'admin', groups: ['$admins'] });
  expect(await identify(basic('ops', 'changeit'))).toEqual({ login: 'ops', groups: ['$ops'] });
});

test('no password is in the log, and no two users share a salt', () => {
  const [first, second] = [users.find('admin')?.user.password, users.find('ops')?.user.password];
  expect(first?.salt).not.toBe(second?.salt);
  expect(first?.hash).not.toBe(second?.hash);
  for (let position = 1; position <= store.lastPosition; position++) {
    expect(store.record(position)?.wire.toString('latin1')).not.toContain('changeit');
  }
});

describe('wrong credentials', () => {
  test('are refused, and cost a hash each time, for users who are there and those who are not', async () => {
    for (const login of ['admin', 'admin', 'nobody', 'nobody']) {
      await expect(async () => identify(basic(login, 'guess'))).rejects.toMatchObject(unauthenticated);
    }
    expect(hashes).toBe(4);
  });

  test('are refused when the right ones are known', async () => {
    await identify(right);
    await expect(async () => identify(basic('admin', 'guess'))).rejects.toMatchObject(unauthenticated);
    expect(hashes).toBe(2);
  });

  test('that are no credentials at all are refused without a hash', () => {
    expect(() => identify('Bearer x')).toThrow(expect.objectContaining(unauthenticated));
    expect(hashes).toBe(0);
  });
});

describe('right credentials', () => {
  test('cost one hash, however many calls bring them, together or later', async () => {
    await Promise.all(Array.from({ length: 50 }, () => identify(right)));
    expect(identify(right)).toEqual({ login: 'admin', groups: ['$admins'] });
    expect(hashes).toBe(1);
  });

  test('are refused after the password was changed, and the new ones are right', async () => {
    await identify(right);
    const password = await hasher.hash('other');
    await users.replace(admin(), { ...admin().user, password });
    await expect(async () => identify(right)).rejects.toMatchObject(unauthenticated);
    expect(await identify(basic('admin', 'other'))).toMatchObject({ login: 'admin' });
  });

  test('bring the groups that the user has now', async () => {
    await identify(right);
    await users.replace(admin(), { ...admin().user, groups: ['x'] });
    expect(await identify(right)).toEqual({ login: 'admin', groups: ['x'] });
  });

  test('are refused as soon as the user is disabled or deleted', async () => {
    await identify(right);
    await users.replace(admin(), { ...admin().user, disabled: true });
    await expect(async () => identify(right)).rejects.toMatchObject(unauthenticated);
    await users.replace(admin(), { ...admin().user, disabled: false });
    await identify(right);
    await users.remove(admin());
    await expect(async () => identify(right)).rejects.toMatchObject(unauthenticated);
  });
});

test('a default user who was deleted does not come back with the password that everybody knows', async () => {
  await users.remove(admin());
  await createDefaultUsers(users, hasher, logger);
  expect(users.find('admin')).toBeUndefined();
});

test('a user who is created again begins without his old states, and stays hidden from others', async () => {
  const { user } = admin();
  await users.remove(admin());
  expect(await users.create({ ...user, groups: ['x'] })).toBe('written');
  expect(users.find('admin')?.user.groups).toEqual(['x']);
  const { metadata } = store.stream('$user-admin');
  expect(metadata).toMatchObject({ truncateBefore: 1, acl: { read: ['$admins'], write: ['$admins'] } });
  expect(users.logins()).toEqual(['admin', 'ops']);
});
