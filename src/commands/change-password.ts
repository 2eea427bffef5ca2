import type { Logger } from 'pino';
import { accountRefusal } from '../domain/account/account-decider.ts';
import type { AccountState } from '../domain/account/account-state.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import type { PasswordHasher } from '../vault/password-hasher.ts';
import type { Vault } from '../vault/vault.ts';
import { badCredentials, passwordRefusal } from './credentials.ts';
import { rejected } from './outcomes.ts';
import type { Done, Outcome } from './requests.ts';

export interface PasswordChange {
  readonly userId: UserId;
  /** Stays logged in; every other device does not. */
  readonly deviceId: DeviceId;
  readonly oldPassword: string;
  readonly newPassword: string;
}

interface PasswordChangeScope {
  readonly vault: Vault;
  readonly passwords: PasswordHasher;
  readonly bounds: {
    readonly passwordLengthMin: number;
    readonly passwordLengthMax: number;
    readonly busyRetryAfterMs: number;
  };
  readonly logger: Logger;
  /** The account as it is now. */
  account(userId: UserId): Promise<AccountState>;
  revokeDevice(userId: UserId, deviceId: DeviceId): Promise<Outcome<Done>>;
  recordPasswordChange(userId: UserId): Promise<Outcome<Done>>;
}

/**
 * Checks the old password, and in one transaction of the vault stores the new one and ends the refreshing of every
 * other device; then their devices go from the log. A failure from the transaction on is `unknown`: the same request
 * again does the rest. Throws `EventLogUnavailable` before it.
 */
export async function changePassword(
  scope: PasswordChangeScope,
  { userId, deviceId, oldPassword, newPassword }: PasswordChange,
): Promise<Outcome<Done>> {
  const { vault, passwords, bounds, logger } = scope;
  const busy = { kind: 'busy', retryAfterMs: bounds.busyRetryAfterMs } as const;
  const refusal = accountRefusal(await scope.account(userId)) ?? passwordRefusal(newPassword, bounds);
  if (refusal !== undefined) return rejected(refusal);
  const phc = await vault.passwordHash(userId);
  let right = await passwords.verify(phc, oldPassword);
  // Repeated after a failure in the middle, the new password is the right one already.
  if (right === false) right = await passwords.verify(phc, newPassword);
  if (right === 'busy') return busy;
  if (phc === undefined || !right) return rejected(badCredentials);
  const hash = await passwords.hash(newPassword);
  if (hash === 'busy') return busy;
  try {
    const change = { from: phc, to: hash, keptDeviceId: deviceId };
    // Of two changes at once the second was asked for with a password that is not the right one any more.
    if (!(await vault.replacePasswordHash(userId, change))) return rejected(badCredentials);
    const finished = await finish(scope, userId, deviceId);
    if (finished.kind === 'accepted') return finished;
    logger.warn({ userId, finished }, 'a change of password is half done');
  } catch (error) {
    logger.warn({ err: error, userId }, 'a change of password is half done');
  }
  // The new password may hold by now, so that no refusal would be true.
  return { kind: 'unknown' };
}

async function finish(
  scope: PasswordChangeScope,
  userId: UserId,
  deviceId: DeviceId,
): Promise<Outcome<Done>> {
  // Looked up after the new password holds: whoever logged in with the old one meanwhile is among them.
  const { devices } = await scope.account(userId);
  for (const other of devices.filter((device) => device !== deviceId)) {
    const revoked = await scope.revokeDevice(userId, other);
    if (revoked.kind !== 'accepted') return revoked;
  }
  return scope.recordPasswordChange(userId);
}
