import { describe, expect, it } from 'vitest';
import { createMasterKey, MasterKeyMismatch, parseMasterSecrets } from '../../src/vault/master-key.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const { random } = virtualRuntime();
const secret = (version: number, fill = version) => ({ version, bytes: new Uint8Array(32).fill(fill) });
const key = (...versions: ReturnType<typeof secret>[]) => createMasterKey(versions, random);

describe('the master key', () => {
  it('opens what it wrapped, for the same purpose only', () => {
    const wrapped = key(secret(1)).wrap(Buffer.from('a data key'), 'data-key/alice/1');
    expect(Buffer.from(key(secret(1)).unwrap(wrapped, 'data-key/alice/1')).toString()).toBe('a data key');
    expect(() => key(secret(1)).unwrap(wrapped, 'data-key/bob/1')).toThrow(MasterKeyMismatch);
    expect(() => key(secret(1, 9)).unwrap(wrapped, 'data-key/alice/1')).toThrow(MasterKeyMismatch);
  });

  it('notices every changed byte', () => {
    const wrapped = key(secret(1)).wrap(Buffer.from('x'), 'c');
    for (let index = 0; index < wrapped.length; index += 1) {
      const changed = Uint8Array.from(wrapped, (byte, at) => (at === index ? byte ^ 1 : byte));
      expect(() => key(secret(1)).unwrap(changed, 'c')).toThrow(MasterKeyMismatch);
      expect(() => key(secret(1)).unwrap(wrapped.subarray(0, index), 'c')).toThrow(MasterKeyMismatch);
    }
  });

  it('opens the old and wraps with the new after a version was added, and names stay what they were', () => {
    const old = key(secret(1));
    const both = key(secret(1), secret(2));
    expect(Buffer.from(both.unwrap(old.wrap(Buffer.from('x'), 'c'), 'c')).toString()).toBe('x');
    expect(() => old.unwrap(both.wrap(Buffer.from('x'), 'c'), 'c')).toThrow(MasterKeyMismatch);
    expect(both.version).toBe(2);
    expect(both.usernameHash('alice')).toBe(old.usernameHash('alice'));
    expect(both.publishedHash(1)).toBe(old.publishedHash(1));
    expect(both.publishedHash(2)).not.toBe(both.publishedHash(1));
  });

  it('is read from one secret or several, and anything else stops the start without showing it', () => {
    const hex = '0f'.repeat(32);
    expect(parseMasterSecrets(hex)).toMatchObject([{ version: 1 }]);
    expect(parseMasterSecrets(`1:${hex}, 2:${hex}`)).toMatchObject([{ version: 1 }, { version: 2 }]);
    for (const wrong of ['', 'deadbeef', `${hex},${hex}`, `x:${hex}`]) {
      expect(() => parseMasterSecrets(wrong)).toThrow(/64 hex digits/);
    }
    expect(() => key(secret(1), secret(1))).toThrow(/twice/);
    expect(() => key()).toThrow(/no master key/);
  });
});
