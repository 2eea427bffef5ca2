import { randomBytes } from 'node:crypto';
import type { UserId } from '../../../src/domain/ids.ts';
import type { PinTry, PinTryBounds } from '../../../src/vault/payment-pin-store.ts';
import type {
  RefreshTokenHolder,
  RefreshTokenRecord,
  RotationMoment,
  Vault,
} from '../../../src/vault/vault.ts';

/** The vault's contract in memory, for tests of what stands on it. */
export class InMemoryVault implements Vault {
  readonly passwords = new Map<UserId, string>();
  readonly pins = new Map<UserId, { phc: string; tries: number; locks: number; lockedUntilMs: number }>();
  readonly tokens = new Map<string, RefreshTokenRecord & { next?: string; exchangedAtMs?: number }>();
  readonly #keys = new Map<string, (Uint8Array | undefined)[]>();
  readonly #secrets = new Map<string, Uint8Array>();
  readonly #revoked = new Set<string>();

  async ensureDataKey(subject: string) {
    const keys = this.#keys.get(subject) ?? [];
    this.#keys.set(subject, keys);
    if (keys.at(-1) === undefined) keys.push(randomBytes(32));
    return { version: keys.length, key: keys.at(-1)! };
  }

  async dataKey(subject: string, version: number) {
    const key = this.#keys.get(subject)?.[version - 1];
    return key === undefined ? undefined : { version, key };
  }

  async destroyDataKeys(subject: string) {
    this.#keys.get(subject)?.fill(undefined);
  }

  async putPasswordHash(userId: UserId, phc: string) {
    this.passwords.set(userId, phc);
  }

  async passwordHash(userId: UserId) {
    return this.passwords.get(userId);
  }

  async replacePasswordHash(
    userId: UserId,
    { from, to, keptDeviceId }: { readonly from: string; readonly to: string; readonly keptDeviceId: string },
  ) {
    const kept = this.passwords.get(userId);
    if (kept !== from && kept !== to) return false;
    this.passwords.set(userId, to);
    for (const token of this.tokens.values()) {
      if (token.userId === userId && token.deviceId !== keptDeviceId) this.#revoked.add(token.familyId);
    }
    return true;
  }

  async putPaymentPin(userId: UserId, phc: string) {
    this.pins.set(userId, { phc, tries: 0, locks: 0, lockedUntilMs: 0 });
  }

  async replacePaymentPin(userId: UserId, { from, to }: { readonly from: string; readonly to: string }) {
    const kept = this.pins.get(userId)?.phc;
    if (kept === undefined || (kept !== from && kept !== to)) return false;
    await this.putPaymentPin(userId, to);
    return true;
  }

  async paymentPinLock(userId: UserId) {
    return this.pins.get(userId)?.lockedUntilMs;
  }

  async takePinTry(userId: UserId, bounds: PinTryBounds): Promise<PinTry> {
    const pin = this.pins.get(userId);
    if (pin === undefined) return { kind: 'not-set' };
    if (pin.lockedUntilMs > bounds.nowMs) return { kind: 'locked', lockedUntilMs: pin.lockedUntilMs };
    pin.tries += 1;
    const { phc, tries } = pin;
    if (tries < bounds.triesMax) {
      return { kind: 'taken', phc, triesLeft: bounds.triesMax - tries, lockedUntilMs: pin.lockedUntilMs };
    }
    const lockMs = Math.min(bounds.lockMsMax, bounds.lockMsMin * bounds.lockGrowth ** pin.locks);
    Object.assign(pin, { tries: 0, locks: pin.locks + 1, lockedUntilMs: bounds.nowMs + lockMs });
    return { kind: 'taken', phc, triesLeft: 0, lockedUntilMs: pin.lockedUntilMs };
  }

  async forgivePinTries(userId: UserId, phc: string) {
    if (this.pins.get(userId)?.phc !== phc) return false;
    await this.putPaymentPin(userId, phc);
    return true;
  }

  async discardUser(userId: UserId) {
    this.pins.delete(userId);
    this.passwords.delete(userId);
    await this.destroyDataKeys(userId);
    await this.revokeRefreshTokens(userId);
  }

  async putRefreshToken(token: RefreshTokenRecord, { nowMs, retryGraceMs }: RotationMoment) {
    if (!this.tokens.has(token.hash)) this.tokens.set(token.hash, token);
    const theirs = [...this.tokens.values()].filter(({ userId }) => userId === token.userId);
    const isGood = ({ expiresAtMs }: RefreshTokenRecord) => expiresAtMs >= nowMs - retryGraceMs;
    const alive = new Set(theirs.filter(isGood).map(({ familyId }) => familyId));
    for (const { hash, familyId } of theirs) if (!alive.has(familyId)) this.tokens.delete(hash);
  }

  async refreshTokenHolder(hash: string) {
    const token = this.tokens.get(hash);
    return token === undefined ? undefined : { userId: token.userId, deviceId: token.deviceId };
  }

  async rotateRefreshToken(
    presentedHash: string,
    next: { readonly hash: string; readonly expiresAtMs: number },
    { nowMs, retryGraceMs }: RotationMoment,
  ) {
    const token = this.tokens.get(presentedHash);
    if (token === undefined) return { kind: 'unknown' } as const;
    const { userId, deviceId, familyId } = token;
    if (this.#revoked.has(familyId)) return { kind: 'revoked' } as const;
    const newest = token.next === undefined ? undefined : this.tokens.get(token.next);
    const inGrace = nowMs - (token.exchangedAtMs ?? Number.NEGATIVE_INFINITY) <= retryGraceMs;
    const isRetry = inGrace && newest?.next === undefined;
    if (token.next !== undefined && token.next !== next.hash && !isRetry) {
      this.#revoked.add(familyId);
      return { kind: 'reused' } as const;
    }
    if (newest === undefined && token.expiresAtMs <= nowMs) return { kind: 'expired' } as const;
    if (newest !== undefined) newest.next ??= next.hash;
    token.next = next.hash;
    token.exchangedAtMs ??= nowMs;
    this.tokens.set(next.hash, { ...next, familyId, userId, deviceId });
    return { kind: 'rotated', userId, deviceId } as const;
  }

  async revokeRefreshTokens(userId: UserId, deviceId?: string) {
    for (const token of this.tokens.values()) {
      const isTheirs = token.userId === userId && (deviceId === undefined || token.deviceId === deviceId);
      if (isTheirs) this.#revoked.add(token.familyId);
    }
  }

  isRevoked(familyId: string): boolean {
    return this.#revoked.has(familyId);
  }

  async revokedDevices(devices: readonly RefreshTokenHolder[]) {
    const tokens = [...this.tokens.values()];
    return devices.filter(({ userId, deviceId }) => {
      const own = tokens.filter((token) => token.userId === userId && token.deviceId === deviceId);
      return own.length > 0 && own.every(({ familyId }) => this.#revoked.has(familyId));
    });
  }

  async ensureServerSecret(name: string, make: () => Uint8Array) {
    const secret = this.#secrets.get(name) ?? make();
    this.#secrets.set(name, secret);
    return secret;
  }
}
