import { createHash, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type DeviceId, isUuid, type UserId } from '../domain/ids.ts';
import type { Clock, Runtime } from '../runtime/runtime.ts';
import { signingKey } from './signing-key.ts';
import type { RefreshTokenHolder, Vault } from './vault.ts';

/** What a login gives to a device. */
export interface TokenPair {
  readonly accessToken: string;
  readonly accessExpiresAtMs: number;
  readonly refreshToken: string;
  readonly refreshExpiresAtMs: number;
}

/** Whom an access token stands for. */
export interface AccessClaims {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly expiresAtMs: number;
}

type RefreshOutcome =
  | {
      readonly kind: 'refreshed';
      readonly userId: UserId;
      readonly deviceId: DeviceId;
      readonly tokens: TokenPair;
    }
  | { readonly kind: 'refused' };

/**
 * Access tokens are EdDSA JWTs (RFC 8037) of minutes: verified without asking anyone. Refresh tokens are random
 * and opaque; each is exchanged once, and a second exchange of one revokes all that descend from its login -
 * unless it comes so soon that the first one's answer may have been lost (see `Vault.rotateRefreshToken`).
 */
export interface Tokens {
  /** A new family of tokens, for a login. */
  issue(userId: UserId, deviceId: DeviceId): Promise<TokenPair>;
  /** Whom a refresh token was issued to; it may not be good for anything any more. */
  holderOf(refreshToken: string): Promise<RefreshTokenHolder | undefined>;
  refresh(refreshToken: string): Promise<RefreshOutcome>;
  /** `undefined` for anything but a valid token of this server. */
  verifyAccess(accessToken: string): Promise<AccessClaims | undefined>;
  revoke(userId: UserId, deviceId?: DeviceId): Promise<void>;
  /** Those of these devices that were logged out, by whomever; see `Vault.revokedDevices`. */
  revokedDevices(devices: readonly RefreshTokenHolder[]): Promise<readonly RefreshTokenHolder[]>;
}

export interface TokensOptions {
  readonly vault: Vault;
  readonly runtime: Runtime;
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  readonly refreshRetryGraceMs: number;
}

const issuer = 'hongbao';
const algorithm = 'EdDSA';
const refreshTokenBytes = 32;

/** Tokens signed with the key in the vault, which is made on the first start. */
export async function createTokens(options: TokensOptions): Promise<Tokens> {
  const { vault, runtime } = options;
  const { privateKey, publicKey } = await signingKey(vault, 'access-token-key', runtime.random);

  async function pair(
    userId: UserId,
    deviceId: DeviceId,
    refreshToken: string,
    refreshExpiresAtMs: number,
  ): Promise<TokenPair> {
    const nowSecond = Math.floor(runtime.clock.nowMs() / 1000);
    const expiresAtSecond = nowSecond + Math.floor(options.accessTokenTtlMs / 1000);
    const accessToken = await new SignJWT({ device: deviceId })
      .setProtectedHeader({ alg: algorithm })
      .setIssuer(issuer)
      .setSubject(userId)
      .setIssuedAt(nowSecond)
      .setExpirationTime(expiresAtSecond)
      .sign(privateKey);
    return { accessToken, accessExpiresAtMs: expiresAtSecond * 1000, refreshToken, refreshExpiresAtMs };
  }

  return {
    async issue(userId, deviceId) {
      const refreshToken = newRefreshToken(runtime);
      const nowMs = runtime.clock.nowMs();
      const expiresAtMs = nowMs + options.refreshTokenTtlMs;
      const token = {
        hash: hashOf(refreshToken),
        familyId: runtime.ids.next(),
        userId,
        deviceId,
        expiresAtMs,
      };
      await vault.putRefreshToken(token, { nowMs, retryGraceMs: options.refreshRetryGraceMs });
      return pair(userId, deviceId, refreshToken, expiresAtMs);
    },

    holderOf: (refreshToken) => vault.refreshTokenHolder(hashOf(refreshToken)),

    async refresh(presented) {
      const refreshToken = newRefreshToken(runtime);
      const nowMs = runtime.clock.nowMs();
      const expiresAtMs = nowMs + options.refreshTokenTtlMs;
      const next = { hash: hashOf(refreshToken), expiresAtMs };
      const rotation = await vault.rotateRefreshToken(hashOf(presented), next, {
        nowMs,
        retryGraceMs: options.refreshRetryGraceMs,
      });
      if (rotation.kind !== 'rotated') return { kind: 'refused' };
      const { userId, deviceId } = rotation;
      const tokens = await pair(userId, deviceId, refreshToken, expiresAtMs);
      return { kind: 'refreshed', userId, deviceId, tokens };
    },

    verifyAccess: (accessToken) => verifyAccess(accessToken, publicKey, runtime.clock),
    revoke: (userId, deviceId) => vault.revokeRefreshTokens(userId, deviceId),
    revokedDevices: (devices) => vault.revokedDevices(devices),
  };
}

async function verifyAccess(
  accessToken: string,
  publicKey: KeyObject,
  clock: Clock,
): Promise<AccessClaims | undefined> {
  try {
    const { payload } = await jwtVerify(accessToken, publicKey, {
      algorithms: [algorithm],
      issuer,
      currentDate: new Date(clock.nowMs()),
      requiredClaims: ['sub', 'exp', 'device'],
    });
    const { sub, device, exp } = payload;
    if (sub === undefined || exp === undefined || !isUuid(sub)) return undefined;
    if (typeof device !== 'string' || !isUuid(device)) return undefined;
    return { userId: sub as UserId, deviceId: device as DeviceId, expiresAtMs: exp * 1000 };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function newRefreshToken(runtime: Runtime): string {
  return Buffer.from(runtime.random.bytes(refreshTokenBytes)).toString('base64url');
}

function hashOf(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('hex');
}
