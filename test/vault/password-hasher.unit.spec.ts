import { describe, expect, it } from 'vitest';
import { createPasswordHasher } from '../../src/vault/password-hasher.ts';

const cheap = { passwordHashMemoryKib: 64, passwordHashPasses: 1, passwordHashLanes: 1 };

describe('the password hasher', () => {
  it('makes argon2id hashes that only the password opens', async () => {
    const hasher = createPasswordHasher({ ...cheap, passwordHashesAtOnceMax: 1, passwordHashQueueMax: 4 });
    const phc = await hasher.hash('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    expect(await hasher.verify(phc, 'correct horse')).toBe(true);
    expect(await hasher.verify(phc, 'correct house')).toBe(false);
    expect(await hasher.verify(undefined, 'correct horse')).toBe(false);
    expect(await hasher.hash('correct horse')).not.toBe(phc);
  });

  it('takes so many at once and in its queue, says busy to the others at once, and recovers', async () => {
    const hasher = createPasswordHasher({ ...cheap, passwordHashesAtOnceMax: 1, passwordHashQueueMax: 2 });
    const storm = await Promise.all([1, 2, 3, 4, 5].map((n) => hasher.hash(`password ${n}`)));
    expect(storm.map((phc) => phc === 'busy')).toEqual([false, false, false, true, true]);
    expect(await hasher.hash('later')).not.toBe('busy');
  });

  it('goes on after a hash that cannot be read', async () => {
    const hasher = createPasswordHasher({ ...cheap, passwordHashesAtOnceMax: 1, passwordHashQueueMax: 1 });
    await expect(hasher.verify('not a hash', 'x')).rejects.toThrow();
    expect(await hasher.hash('x')).not.toBe('busy');
  });
});
