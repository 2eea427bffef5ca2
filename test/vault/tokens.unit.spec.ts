import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { DeviceId, UserId } from '../../src/domain/ids.ts';
import { createTokens } from '../../src/vault/tokens.ts';
import { InMemoryVault } from '../commands/support/in-memory-vault.ts';
import { alice, deviceId } from '../support/domain-fixtures.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const phone: DeviceId = deviceId(1);
const user: UserId = alice;

async function harness(seed = 1) {
  const runtime = virtualRuntime({ seed });
  const vault = new InMemoryVault();
  const options = {
    vault,
    runtime,
    accessTokenTtlMs: 600_000,
    refreshTokenTtlMs: 3_600_000,
    refreshRetryGraceMs: 60_000,
  };
  return { runtime, vault, tokens: await createTokens(options), again: () => createTokens(options) };
}

describe('access tokens', () => {
  it('stand for a user and a device until they expire, on every server that shares the vault', async () => {
    const { runtime, tokens, again } = await harness();
    const { accessToken, accessExpiresAtMs } = await tokens.issue(user, phone);
    const claims = { userId: user, deviceId: phone, expiresAtMs: accessExpiresAtMs };
    expect(await tokens.verifyAccess(accessToken)).toEqual(claims);
    expect(await (await again()).verifyAccess(accessToken)).toEqual(claims);
    await runtime.advance(600_000);
    expect(await tokens.verifyAccess(accessToken)).toBeUndefined();
  });

  it('are refused when changed, signed by someone else, or no tokens at all', async () => {
    const { tokens } = await harness();
    const { accessToken } = await tokens.issue(user, phone);
    const [header, payload, signature] = accessToken.split('.');
    const { tokens: stranger } = await harness(2);
    const foreign = (await stranger.issue(user, phone)).accessToken;
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const symmetric = await new SignJWT({ device: phone })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuer('hongbao')
      .setExpirationTime('1h')
      .sign(new Uint8Array(32));
    const otherPayload = Buffer.from(JSON.stringify({ sub: user, device: phone, exp: 9e9 })).toString(
      'base64url',
    );
    for (const bad of ['', 'x.y.z', foreign, none, symmetric, `${header}.${otherPayload}.${signature}`]) {
      expect(await tokens.verifyAccess(bad)).toBeUndefined();
    }
  });
});

describe('refresh tokens', () => {
  it('are exchanged once each, for the same device', async () => {
    const { tokens } = await harness();
    const first = await tokens.issue(user, phone);
    const second = await tokens.refresh(first.refreshToken);
    expect(second).toMatchObject({ kind: 'refreshed', userId: user, deviceId: phone });
  });

  it('take their whole family with them when one is used twice', async () => {
    const { runtime, tokens } = await harness();
    const first = await tokens.issue(user, phone);
    const otherLogin = await tokens.issue(user, deviceId(2));
    const second = await tokens.refresh(first.refreshToken);
    if (second.kind !== 'refreshed') throw new Error(second.kind);
    await runtime.advance(60_001);
    expect(await tokens.refresh(first.refreshToken)).toEqual({ kind: 'refused' });
    expect(await tokens.refresh(second.tokens.refreshToken)).toEqual({ kind: 'refused' });
    expect(await tokens.refresh(otherLogin.refreshToken)).toMatchObject({ kind: 'refreshed' });
  });

  it('are exchanged again when the answer to the first exchange was lost', async () => {
    const { runtime, tokens } = await harness();
    const first = await tokens.issue(user, phone);
    expect(await tokens.holderOf(first.refreshToken)).toEqual({ userId: user, deviceId: phone });
    await tokens.refresh(first.refreshToken);
    await runtime.advance(30_000);
    const retried = await tokens.refresh(first.refreshToken);
    if (retried.kind !== 'refreshed') throw new Error(retried.kind);
    await runtime.advance(600_000);
    expect(await tokens.refresh(retried.tokens.refreshToken)).toMatchObject({ kind: 'refreshed' });
  });

  it('end with their device, and with time', async () => {
    const { runtime, tokens } = await harness();
    const [one, other] = [await tokens.issue(user, phone), await tokens.issue(user, deviceId(2))];
    await tokens.revoke(user, phone);
    expect(await tokens.refresh(one.refreshToken)).toEqual({ kind: 'refused' });
    await runtime.advance(3_600_000);
    expect(await tokens.refresh(other.refreshToken)).toEqual({ kind: 'refused' });
  });
});
