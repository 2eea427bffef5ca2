import { describe, expect, it } from 'vitest';
import { SealBroken } from '../../src/vault/envelope.ts';
import { createKeyring } from '../../src/vault/keyring.ts';
import { InMemoryVault } from '../commands/support/in-memory-vault.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

function harness() {
  const runtime = virtualRuntime();
  const vault = new InMemoryVault();
  const keyring = () =>
    createKeyring({
      vault,
      clock: runtime.clock,
      random: runtime.random,
      cachedDataKeysMax: 2,
      cachedDataKeyAgeMs: 60_000,
    });
  return { runtime, vault, keyring };
}

describe('the keyring', () => {
  it('opens what it sealed, and seals equal texts differently', async () => {
    const ring = harness().keyring();
    const [one, other] = [await ring.seal('alice', '恭喜发财'), await ring.seal('alice', '恭喜发财')];
    expect(await ring.open(one)).toBe('恭喜发财');
    expect(one.box).not.toBe(other.box);
  });

  it('does not open a changed box, nor one that is passed off as another subject’s', async () => {
    const ring = harness().keyring();
    const sealed = await ring.seal('alice', 'secret');
    await ring.seal('bob', 'his own');
    const bytes = Buffer.from(sealed.box, 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes.map((byte, at) => (at === index ? byte ^ 1 : byte)));
      await expect(ring.open({ ...sealed, box: changed.toString('base64') })).rejects.toThrow(SealBroken);
    }
    await expect(ring.open({ ...sealed, subject: 'bob' })).rejects.toThrow(SealBroken);
    await expect(ring.open({ ...sealed, box: '' })).rejects.toThrow(SealBroken);
  });

  it('forgets destroyed keys at once here, and elsewhere when the cache has aged', async () => {
    const { runtime, keyring } = harness();
    const [here, elsewhere] = [keyring(), keyring()];
    const sealed = await here.seal('alice', 'secret');
    await elsewhere.open(sealed);
    await here.forget('alice');
    expect(await here.open(sealed)).toBeUndefined();
    await runtime.advance(60_001);
    expect(await elsewhere.open(sealed)).toBeUndefined();
  });

  it('seals with a new key after the old one was destroyed, and the old box stays shut', async () => {
    const ring = harness().keyring();
    const before = await ring.seal('alice', 'before');
    await ring.forget('alice');
    const after = await ring.seal('alice', 'after');
    expect(after.key).toBe(before.key + 1);
    expect(await ring.open(after)).toBe('after');
    expect(await ring.open(before)).toBeUndefined();
  });

  it('recognises a text by a fingerprint that dies with the key', async () => {
    const ring = harness().keyring();
    const first = await ring.fingerprint('alice', 'yes');
    expect(await ring.fingerprint('alice', 'yes')).toBe(first);
    expect(await ring.fingerprint('alice', 'no')).not.toBe(first);
    expect(await ring.fingerprint('bob', 'yes')).not.toBe(first);
    await ring.forget('alice');
    await ring.seal('alice', 'anew');
    expect(await ring.fingerprint('alice', 'yes')).not.toBe(first);
  });

  it('asks the vault once for many at once, and does not keep a failure', async () => {
    const { vault, keyring } = harness();
    const ring = keyring();
    let asked = 0;
    const ensure = vault.ensureDataKey.bind(vault);
    vault.ensureDataKey = async (subject) => {
      asked += 1;
      if (asked === 1) throw new Error('down');
      return ensure(subject);
    };
    await expect(ring.seal('alice', 'x')).rejects.toThrow('down');
    await Promise.all([1, 2, 3].map(() => ring.seal('alice', 'x')));
    expect(asked).toBe(2);
  });
});
