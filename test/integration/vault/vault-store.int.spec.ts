import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVaultStore } from '../../../infra/postgres/vault-store.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { createKeyring } from '../../../src/vault/keyring.ts';
import { createMasterKey, MasterKeyMismatch } from '../../../src/vault/master-key.ts';
import type { Vault } from '../../../src/vault/vault.ts';
import { deviceId, userId, uuid } from '../../support/domain-fixtures.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';

const { clock, random } = systemRuntime();
const masterKeyOf = (fill: number) =>
  createMasterKey([{ version: 1, bytes: new Uint8Array(32).fill(fill) }], random);
const hourMs = 3_600_000;
const retryGraceMs = 60_000;

let database: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  database = await createTestDatabase();
  vault = createVaultStore({ pool: database.pool, masterKey: masterKeyOf(1), random });
});
afterAll(() => database.drop());

describe('data keys', () => {
  it('are made once, whoever asks first', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => vault.ensureDataKey('first-use')));
    expect(new Set(keys.map(({ key }) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(await vault.dataKey('first-use', 1)).toEqual(keys[0]);
    expect(await vault.dataKey('first-use', 2)).toBeUndefined();
  });

  it('are gone when destroyed, in the table too, and their version is not given again', async () => {
    const before = await vault.ensureDataKey('forgotten');
    await vault.destroyDataKeys('forgotten');
    await vault.destroyDataKeys('forgotten');
    expect(await vault.dataKey('forgotten', before.version)).toBeUndefined();
    const { rows } = await database.pool.query(
      `select wrapped from hongbao_vault.data_key where subject = 'forgotten'`,
    );
    expect(rows).toEqual([{ wrapped: null }]);
    const after = await vault.ensureDataKey('forgotten');
    expect(after.version).toBe(before.version + 1);
    expect(after.key).not.toEqual(before.key);
  });

  it('lie in the table wrapped: another master key, or another row, does not open them', async () => {
    const { key } = await vault.ensureDataKey('alice');
    await vault.ensureDataKey('mallory');
    const { rows } = await database.pool.query<{ wrapped: Buffer }>(
      `select wrapped from hongbao_vault.data_key where subject = 'alice'`,
    );
    expect(rows[0]!.wrapped.includes(Buffer.from(key))).toBe(false);
    const stranger = createVaultStore({ pool: database.pool, masterKey: masterKeyOf(2), random });
    await expect(stranger.dataKey('alice', 1)).rejects.toThrow(MasterKeyMismatch);
    await database.pool.query(
      `update hongbao_vault.data_key set wrapped = (select wrapped from hongbao_vault.data_key where subject = 'alice')
       where subject = 'mallory'`,
    );
    await expect(vault.dataKey('mallory', 1)).rejects.toThrow(MasterKeyMismatch);
  });

  it('make what was sealed unreadable once destroyed', async () => {
    const bounds = { cachedDataKeysMax: 10, cachedDataKeyAgeMs: hourMs };
    const keyring = createKeyring({ vault, clock, random, ...bounds });
    const sealed = await keyring.seal('bob', 'his secret');
    expect(await keyring.open(sealed)).toBe('his secret');
    await keyring.forget('bob');
    expect(await keyring.open(sealed)).toBeUndefined();
  });
});

describe('passwords', () => {
  it('are kept, replaced and discarded with all else of a user', async () => {
    const user = userId(50);
    await vault.putPasswordHash(user, 'one');
    await vault.putPasswordHash(user, 'two');
    expect(await vault.passwordHash(user)).toBe('two');
    await vault.ensureDataKey(user);
    const token = { hash: 'discarded', familyId: uuid(1), userId: user, deviceId: deviceId(1) };
    await vault.putRefreshToken({ ...token, expiresAtMs: hourMs }, { nowMs: 0, retryGraceMs });
    await vault.discardUser(user);
    await vault.discardUser(user);
    expect(await vault.passwordHash(user)).toBeUndefined();
    expect(await vault.dataKey(user, 1)).toBeUndefined();
    expect(await vault.refreshTokenHolder('discarded')).toBeUndefined();
    const at = { nowMs: 0, retryGraceMs };
    expect(await vault.rotateRefreshToken('discarded', { hash: 'n', expiresAtMs: hourMs }, at)).toEqual({
      kind: 'unknown',
    });
  });
});

describe('a change of password', () => {
  const put = (hash: string, user: ReturnType<typeof userId>, device: number, family: number) =>
    vault.putRefreshToken(
      {
        hash,
        familyId: uuid(0x7000 + family),
        userId: user,
        deviceId: deviceId(device),
        expiresAtMs: hourMs,
      },
      { nowMs: 0, retryGraceMs },
    );
  const rotate = (hash: string) =>
    vault.rotateRefreshToken(hash, { hash: `${hash}-next`, expiresAtMs: hourMs }, { nowMs: 0, retryGraceMs });

  it('stores the hash and ends the tokens of every device of the user but one', async () => {
    const [user, other] = [userId(70), userId(71)];
    await vault.putPasswordHash(user, 'old');
    await put('kept', user, 1, 1);
    await put('phone', user, 2, 2);
    await put('laptop', user, 3, 3);
    await put('stranger', other, 2, 4);
    const change = { from: 'old', to: 'new', keptDeviceId: deviceId(1) };
    expect(await vault.replacePasswordHash(user, change)).toBe(true);
    expect(await vault.replacePasswordHash(user, change)).toBe(true);
    expect(await vault.passwordHash(user)).toBe('new');
    const kinds = [];
    for (const hash of ['kept', 'phone', 'laptop', 'stranger']) kinds.push((await rotate(hash)).kind);
    expect(kinds).toEqual(['rotated', 'revoked', 'revoked', 'rotated']);
  });

  it('does neither when the hash is another one by now', async () => {
    const user = userId(72);
    await vault.putPasswordHash(user, 'newest');
    await put('other', user, 2, 5);
    expect(await vault.replacePasswordHash(user, { from: 'old', to: 'new', keptDeviceId: deviceId(1) })).toBe(
      false,
    );
    expect(await vault.passwordHash(user)).toBe('newest');
    expect((await rotate('other')).kind).toBe('rotated');
  });

  it('lets no login that races it keep a token without seeing the new hash', async () => {
    for (let round = 0; round < 20; round += 1) {
      const user = userId(2_000 + round);
      const hash = `racing-${round}`;
      await vault.putPasswordHash(user, 'old');
      const change = { from: 'old', to: 'new', keptDeviceId: deviceId(1) };
      const seen = put(hash, user, 2, 100 + round).then(() => vault.passwordHash(user));
      await Promise.all([seen, vault.replacePasswordHash(user, change)]);
      if ((await seen) === 'old') expect((await rotate(hash)).kind).toBe('revoked');
    }
  });
});

describe('refresh tokens', () => {
  let logins = 0;
  async function login(user = userId(60), device = deviceId(1)): Promise<string> {
    logins += 1;
    const hash = `login-${logins}`;
    const token = { hash, familyId: uuid(0x9000 + logins), userId: user, deviceId: device };
    await vault.putRefreshToken({ ...token, expiresAtMs: hourMs }, { nowMs: 0, retryGraceMs });
    await vault.putRefreshToken({ ...token, expiresAtMs: hourMs }, { nowMs: 0, retryGraceMs });
    return hash;
  }
  const rotate = (presented: string, next: string, nowMs = 0) =>
    vault.rotateRefreshToken(presented, { hash: next, expiresAtMs: hourMs + nowMs }, { nowMs, retryGraceMs });

  it('are exchanged once each; the same exchange may be repeated', async () => {
    const first = await login();
    const rotated = { kind: 'rotated', userId: userId(60), deviceId: deviceId(1) };
    expect(await rotate(first, `${first}-b`)).toEqual(rotated);
    expect(await rotate(first, `${first}-b`)).toEqual(rotated);
    expect(await rotate(`${first}-b`, `${first}-c`)).toEqual(rotated);
    expect(await rotate('nobody has it', 'x')).toEqual({ kind: 'unknown' });
  });

  it('used twice revoke the family once the grace for a lost answer is over', async () => {
    const first = await login();
    expect((await rotate(first, `${first}-x`, 1)).kind).toBe('rotated');
    expect((await rotate(first, `${first}-y`, retryGraceMs + 2)).kind).toBe('reused');
    expect((await rotate(`${first}-x`, `${first}-z`, retryGraceMs + 2)).kind).toBe('revoked');
    expect((await rotate(`${first}-y`, `${first}-z`, retryGraceMs + 2)).kind).toBe('unknown');
  });

  it('are exchanged again in the grace, when the answer was lost; which does not prolong it', async () => {
    const first = await login();
    expect((await rotate(first, `${first}-lost`)).kind).toBe('rotated');
    expect((await rotate(first, `${first}-lost-too`, retryGraceMs - 1)).kind).toBe('rotated');
    expect((await rotate(first, `${first}-b`, retryGraceMs)).kind).toBe('rotated');
    expect((await rotate(`${first}-b`, `${first}-c`, hourMs)).kind).toBe('rotated');
    const other = await login();
    expect((await rotate(other, `${other}-lost`)).kind).toBe('rotated');
    expect((await rotate(other, `${other}-b`, retryGraceMs)).kind).toBe('rotated');
    expect((await rotate(other, `${other}-c`, retryGraceMs + 1)).kind).toBe('reused');
  });

  it('revoke the family when the one after them was used already, grace or not', async () => {
    const first = await login();
    await rotate(first, `${first}-b`);
    await rotate(`${first}-b`, `${first}-c`);
    expect((await rotate(first, `${first}-x`)).kind).toBe('reused');
    expect((await rotate(`${first}-c`, `${first}-d`)).kind).toBe('revoked');
  });

  it('used twice at once leave one that is good; whoever holds the other ends the family', async () => {
    for (let round = 0; round < 20; round += 1) {
      const first = await login();
      const ends = [`${first}-x`, `${first}-y`];
      const both = await Promise.all(ends.map((end) => rotate(first, end)));
      expect(both.map(({ kind }) => kind)).toEqual(['rotated', 'rotated']);
      const owner = await rotate(ends[round % 2]!, `${first}-owner`);
      const thief = await rotate(ends[(round + 1) % 2]!, `${first}-thief`);
      expect([owner.kind, thief.kind]).toContain('reused');
      for (const descendant of [...ends, `${first}-owner`, `${first}-thief`]) {
        expect((await rotate(descendant, `${descendant}-z`)).kind).toMatch(/revoked|unknown/);
      }
    }
  });

  it('name their holder, whether they are good for anything or not', async () => {
    const first = await login();
    const holder = { userId: userId(60), deviceId: deviceId(1) };
    expect(await vault.refreshTokenHolder(first)).toEqual(holder);
    await rotate(first, `${first}-b`);
    expect(await vault.refreshTokenHolder(first)).toEqual(holder);
    expect(await vault.refreshTokenHolder('nobody has it')).toBeUndefined();
  });

  it('end with time, with their device, and with all of the user', async () => {
    const user = userId(61);
    const [late, phone, laptop] = [
      await login(user),
      await login(user, deviceId(2)),
      await login(user, deviceId(3)),
    ];
    expect(await rotate(late, `${late}-b`, hourMs)).toEqual({ kind: 'expired' });
    await vault.revokeRefreshTokens(user, deviceId(2));
    expect(await rotate(phone, `${phone}-b`)).toEqual({ kind: 'revoked' });
    expect(await rotate(laptop, `${laptop}-b`)).toMatchObject({ kind: 'rotated' });
    const devices = [2, 3, 4].map((number) => ({ userId: user, deviceId: deviceId(number) }));
    // The fourth never was logged in: nothing says that it was revoked.
    expect(await vault.revokedDevices(devices)).toEqual([devices[0]]);
    await vault.revokeRefreshTokens(user);
    expect(new Set(await vault.revokedDevices(devices))).toEqual(new Set(devices.slice(0, 2)));
    expect(await rotate(`${laptop}-b`, `${laptop}-c`)).toEqual({ kind: 'revoked' });
  });

  it('go with their family at a later login of the user, once all of it has expired', async () => {
    const [user, other] = [userId(62), userId(63)];
    const put = (hash: string, family: number, expiresAtMs: number, nowMs: number, of = user) =>
      vault.putRefreshToken(
        { hash, familyId: uuid(0x8000 + family), userId: of, deviceId: deviceId(1), expiresAtMs },
        { nowMs, retryGraceMs },
      );
    const kept = async () => {
      const { rows } = await database.pool.query<{ hash: string }>(
        `select coalesce(t.hash, 'a family without tokens') as hash from hongbao_vault.token_family f
         left join hongbao_vault.refresh_token t on t.family_id = f.family_id
         where f.user_id = any($1) order by t.hash`,
        [[user, other]],
      );
      return rows.map(({ hash }) => hash);
    };
    await put('aged-dead', 1, hourMs, 0);
    await put('aged-renewed', 2, hourMs, 0);
    await vault.rotateRefreshToken(
      'aged-renewed',
      { hash: 'aged-renewed-b', expiresAtMs: 9 * hourMs },
      { nowMs: 1, retryGraceMs },
    );
    await put('aged-stranger', 3, hourMs, 0, other);
    await put('aged-late', 4, 9 * hourMs, hourMs + retryGraceMs);
    expect(await kept()).toEqual([
      'aged-dead',
      'aged-late',
      'aged-renewed',
      'aged-renewed-b',
      'aged-stranger',
    ]);
    await put('aged-later', 5, 9 * hourMs, hourMs + retryGraceMs + 1);
    expect(await kept()).toEqual([
      'aged-late',
      'aged-later',
      'aged-renewed',
      'aged-renewed-b',
      'aged-stranger',
    ]);
    const at = { nowMs: 2 * hourMs, retryGraceMs };
    expect(
      await vault.rotateRefreshToken('aged-renewed-b', { hash: 'aged-c', expiresAtMs: 9 * hourMs }, at),
    ).toMatchObject({ kind: 'rotated' });
  });

  it('lets no descendant escape a revocation that races an exchange', async () => {
    for (let round = 0; round < 20; round += 1) {
      const user = userId(1_000 + round);
      const first = await login(user);
      await Promise.all([rotate(first, `${first}-b`), vault.revokeRefreshTokens(user)]);
      expect((await rotate(`${first}-b`, `${first}-c`)).kind).toMatch(/revoked|unknown/);
    }
  });
});

describe('server secrets', () => {
  it('are the first caller’s, for everyone after, and stay shut to another master key', async () => {
    const made = await Promise.all(
      [1, 2, 3].map((fill) => vault.ensureServerSecret('signing', () => new Uint8Array(32).fill(fill))),
    );
    const [first] = made;
    for (const secret of made) expect(Buffer.from(secret)).toEqual(Buffer.from(first!));
    const stranger = createVaultStore({ pool: database.pool, masterKey: masterKeyOf(2), random });
    await expect(stranger.ensureServerSecret('signing', () => new Uint8Array(32))).rejects.toThrow(
      MasterKeyMismatch,
    );
  });
});
