import type { DeviceId, UserId } from '../domain/ids.ts';
import type { PaymentPinStore } from './payment-pin-store.ts';

/**
 * The port to what is not in the log and cannot be derived from it: password and PIN hashes, data keys, refresh tokens,
 * the server's signing keys. Not disposable; backed up separately from the log.
 *
 * Every method is durable when it resolves and safe to repeat.
 */
export interface Vault extends PaymentPinStore {
  /** The newest data key of a subject (a user or a group), made on first use. */
  ensureDataKey(subject: string): Promise<DataKey>;
  /** A particular key; `undefined` when it was destroyed or never was. */
  dataKey(subject: string, version: number): Promise<DataKey | undefined>;
  /** Destroys all of a subject's keys: what was sealed for it is unreadable from then on, everywhere. */
  destroyDataKeys(subject: string): Promise<void>;

  /** An argon2id hash in PHC form. */
  putPasswordHash(userId: UserId, phc: string): Promise<void>;
  passwordHash(userId: UserId): Promise<string | undefined>;
  /**
   * Puts a hash in place of `change.from` and revokes the refresh tokens of all the user's devices but one: both,
   * or neither and false when the hash is another one by now. Whoever asks for the hash after having put a token
   * learns of a change that did not see the token.
   */
  replacePasswordHash(
    userId: UserId,
    change: { readonly from: string; readonly to: string; readonly keptDeviceId: DeviceId },
  ): Promise<boolean>;
  /** Forgets all that is kept for a user whose registration came to nothing. */
  discardUser(userId: UserId): Promise<void>;

  /**
   * Puts the first token of a family, and deletes the user's families that no token can be exchanged in any more:
   * all of theirs have expired longer ago than a retry may take.
   */
  putRefreshToken(token: RefreshTokenRecord, at: RotationMoment): Promise<void>;
  /** Whose token this is, or was; `undefined` for one that is none, or is no longer kept. */
  refreshTokenHolder(hash: string): Promise<RefreshTokenHolder | undefined>;
  /**
   * Exchanges one refresh token for the next of its family, atomically. Presenting a token that was already
   * exchanged means that it was stolen: the whole family is revoked. The one exception is a retry: within the
   * grace after its first exchange, the token before the newest is exchanged again while the newest is unused,
   * and the newest then counts as exchanged.
   */
  rotateRefreshToken(
    presentedHash: string,
    next: { readonly hash: string; readonly expiresAtMs: number },
    at: RotationMoment,
  ): Promise<RotationOutcome>;
  /** Revokes a device's tokens, or all of a user's when no device is given. */
  revokeRefreshTokens(userId: UserId, deviceId?: DeviceId): Promise<void>;
  /** Those of these devices whose tokens were all revoked; not those that never had one. */
  revokedDevices(devices: readonly RefreshTokenHolder[]): Promise<readonly RefreshTokenHolder[]>;

  /** The secret under `name`; the first caller's `make()` is kept and given to everyone after. */
  ensureServerSecret(name: string, make: () => Uint8Array): Promise<Uint8Array>;
}

export interface DataKey {
  readonly version: number;
  /** 32 bytes, for AES-256-GCM. */
  readonly key: Uint8Array;
}

export interface RefreshTokenRecord {
  /** SHA-256 (hex) of the token; the token itself is nowhere. */
  readonly hash: string;
  /** All tokens that descend from one login. */
  readonly familyId: string;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly expiresAtMs: number;
}

export interface RefreshTokenHolder {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

export interface RotationMoment {
  readonly nowMs: number;
  /** For how long after an exchange its answer counts as possibly lost. */
  readonly retryGraceMs: number;
}

export type RotationOutcome =
  | ({ readonly kind: 'rotated' } & RefreshTokenHolder)
  | { readonly kind: 'unknown' | 'expired' | 'revoked' | 'reused' };
