import { expect, test } from 'vitest';
import { createPasswordHasher } from '../../../../../infra/eventstore/embedded/access/password-hash.ts';
import { systemRuntime } from '../../../../../src/runtime/system-runtime.ts';

const hasher = createPasswordHasher(systemRuntime().random);

test('a hash fits its password, however its letters were typed, and no other', async () => {
  const stored = await hasher.hash('caf\u00e9');
  expect(await hasher.verify(stored, 'cafe\u0301')).toBe(true);
  expect(await hasher.verify(stored, 'cafe')).toBe(false);
});

test.each([
  ['no user', undefined],
  ['a hash of an unknown making', { kdf: 'md5', salt: '', hash: 'AAAA' }],
  ['a hash that is cut off', { kdf: 'scrypt-16384-8-5', salt: '', hash: 'AAAA' }],
])('%s fits no password', async (_, stored) => {
  expect(await hasher.verify(stored, '')).toBe(false);
});
