import { accountRefusal } from '../domain/account/account-decider.ts';
import { rejection } from '../domain/decider.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import type { PasswordHasher } from '../vault/password-hasher.ts';
import type { TokenPair, Tokens } from '../vault/tokens.ts';
import type { Vault } from '../vault/vault.ts';
import type { PasswordChange } from './change-password.ts';
import { changePassword } from './change-password.ts';
import { faultOutcome } from './command-service.ts';
import { badCredentials, normaliseUsername, passwordRefusal, usernameRefusal } from './credentials.ts';
import type { Position } from './event-log.ts';
import { START } from './event-log.ts';
import { outcomeOf, rejected } from './outcomes.ts';
import { ownCommand } from './own-command.ts';
import { finishRegistration } from './process-managers/register-account.ts';
import { readProfile } from './profile-reader.ts';
import type { Outcome } from './requests.ts';
import type { WriteScope } from './write-scope.ts';

interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly nickname: string;
  readonly deviceName: string;
}

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly deviceName: string;
}

/** A device that is logged in. */
export interface Session {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** In its normal form. */
  readonly username: string;
  readonly nickname: string;
  readonly tokens: TokenPair;
}

/** Accounts, passwords and sessions. None of its promises rejects, but `userIdOf`'s. */
export interface Accounts {
  register(account: NewAccount): Promise<Outcome<Session>>;
  logIn(credentials: Credentials): Promise<Outcome<Session>>;
  refresh(refreshToken: string): Promise<Outcome<Session>>;
  /** Revokes the device and its refresh tokens. Harmless to repeat. */
  logOut(session: Pick<Session, 'userId' | 'deviceId'>): Promise<Outcome<Record<string, never>>>;
  /**
   * From the moment that the new password holds, no other device can refresh. A failure after it is `unknown`:
   * the same request again, with the old password or the new, does the rest.
   */
  changePassword(change: PasswordChange): Promise<Outcome<Record<string, never>>>;
  /** Who has this user name. Throws `EventLogUnavailable`. */
  userIdOf(username: string): Promise<UserId | undefined>;
}

export interface AccountsOptions {
  readonly scope: WriteScope;
  readonly vault: Vault;
  readonly tokens: Tokens;
  readonly passwords: PasswordHasher;
  readonly bounds: {
    readonly passwordLengthMin: number;
    readonly passwordLengthMax: number;
    readonly busyRetryAfterMs: number;
  };
}

const usernameTaken = rejection('username-taken', 'Another account has this user name.');
const noSession = rejection('unauthenticated', 'The session has ended: log in again.');

export function createAccounts(options: AccountsOptions): Accounts {
  const { scope, vault, tokens, passwords, bounds } = options;
  const { aggregates, keyring, masterKey, runtime, logger } = scope;
  const busy = { kind: 'busy', retryAfterMs: bounds.busyRetryAfterMs } as const;

  const guarded = async <Answer>(
    what: string,
    work: () => Promise<Outcome<Answer>>,
  ): Promise<Outcome<Answer>> => {
    try {
      return await work();
    } catch (error) {
      return faultOutcome(error, (fault) => logger.error({ err: fault, what }, 'an account request failed'));
    }
  };

  const usernameStream = (normalised: string): string => streams.username(masterKey.usernameHash(normalised));

  const account = async (userId: UserId) =>
    (await aggregates.account.load(streams.account(userId), { maxAgeMs: 0 })).state;

  async function openSession(
    userId: UserId,
    deviceName: string,
    names: { readonly username: string; readonly nickname: string },
  ): Promise<Outcome<Session>> {
    const deviceId = runtime.ids.next() as DeviceId;
    const name = await keyring.seal(userId, deviceName);
    const command = ownCommand(runtime, userId, { type: 'AddDevice', deviceId, name } as const, { deviceId });
    const added = await aggregates.account.execute(streams.account(userId), command);
    if (added.kind !== 'accepted') return outcomeOf(added, notAccepted);
    try {
      for (const { event } of added.events) {
        // The oldest device made room for this one.
        if (event.type === 'DeviceRevoked') await tokens.revoke(userId, event.data.deviceId);
      }
      const session = { userId, deviceId, ...names, tokens: await tokens.issue(userId, deviceId) };
      return { kind: 'accepted', answer: session, position: added.position };
    } catch (error) {
      logger.warn({ err: error, userId }, 'a device was added and got no tokens');
      return { kind: 'unknown' };
    }
  }

  async function register(request: NewAccount): Promise<Outcome<Session>> {
    const username = normaliseUsername(request.username);
    const refusal = usernameRefusal(username) ?? passwordRefusal(request.password, bounds);
    if (refusal !== undefined) return rejected(refusal);
    const stream = usernameStream(username);
    // Hashing is dear, so a name that is taken is found out first; the claim decides all the same.
    const { state } = await aggregates.username.load(stream, { maxAgeMs: 0 });
    if (state.heldBy !== null) return rejected(usernameTaken);
    const phc = await passwords.hash(request.password);
    if (phc === 'busy') return busy;
    const userId = runtime.ids.next() as UserId;
    // Before the claim: whoever has the name can log in, wherever the rest of the registration is.
    await vault.putPasswordHash(userId, phc);
    const names = {
      username: await keyring.seal(userId, username),
      nickname: await keyring.seal(userId, request.nickname),
    };
    const command = ownCommand(runtime, userId, { type: 'ClaimUsername', userId, ...names } as const, {
      userId,
    });
    const claim = await aggregates.username.execute(stream, command);
    if (claim.kind === 'rejected' || claim.kind === 'busy') {
      await vault.discardUser(userId);
      return outcomeOf(claim, notAccepted);
    }
    if (claim.kind === 'unknown') return claim;
    try {
      const { correlationId } = command;
      const causationId = claim.events[0]?.eventId ?? command.commandId;
      const finished = await finishRegistration(scope, { userId, ...names, correlationId, causationId });
      if (finished.kind === 'refused') return rejected(finished.rejection);
      return await openSession(userId, request.deviceName, { username, nickname: request.nickname });
    } catch (error) {
      // The name is claimed: recovery finishes the account, and logging in works from now on.
      logger.warn({ err: error, userId }, 'a registration is left to recovery');
      return { kind: 'unknown' };
    }
  }

  async function logIn(request: Credentials): Promise<Outcome<Session>> {
    const username = normaliseUsername(request.username);
    const stream = usernameStream(username);
    const { state, revision } = await aggregates.username.load(stream, { maxAgeMs: 0 });
    const userId = state.heldBy;
    const phc = userId === null ? undefined : await vault.passwordHash(userId);
    const right = await passwords.verify(phc, request.password);
    if (right === 'busy') return busy;
    if (userId === null || !right) return rejected(badCredentials);
    const { status } = await account(userId);
    if (status === 'none') await finishClaim(stream, revision);
    const refusal = accountRefusal(await account(userId));
    if (refusal !== undefined) return rejected(refusal);
    const profile = await readProfile(scope, userId);
    const names = { username, nickname: profile?.nickname ?? '' };
    const session = await openSession(userId, request.deviceName, names);
    if (session.kind !== 'accepted' || (await vault.passwordHash(userId)) === phc) return session;
    // Changed meanwhile, and the change may have looked for devices before this one was there.
    await revokeDevice(userId, session.answer.deviceId);
    return rejected(badCredentials);
  }

  /** A registration that stopped right after the claim is finished by the first login. */
  async function finishClaim(stream: string, revision: number): Promise<void> {
    const event = await aggregates.username.eventAt(stream, revision);
    if (event?.type !== 'UsernameClaimed') return;
    const id = runtime.ids.next();
    await finishRegistration(scope, { ...event.data, correlationId: id, causationId: id });
  }

  async function refresh(refreshToken: string): Promise<Outcome<Session>> {
    const holder = await tokens.holderOf(refreshToken);
    if (holder === undefined) return rejected(noSession);
    const { userId, deviceId } = holder;
    // Asked before the exchange: while the log does not answer, no token is used up for nothing. A device that
    // is revoked after this loses its whole family of tokens, the next one with it.
    const state = await account(userId);
    const refusal = accountRefusal(state) ?? (state.devices.includes(deviceId) ? undefined : noSession);
    const profile = refusal === undefined ? await readProfile(scope, userId) : undefined;
    if (refusal !== undefined || profile === undefined) {
      await tokens.revoke(userId, deviceId);
      return rejected(refusal ?? noSession);
    }
    const refreshed = await tokens.refresh(refreshToken);
    if (refreshed.kind === 'refused') return rejected(noSession);
    const answer = { userId, deviceId, ...profile, tokens: refreshed.tokens };
    return { kind: 'accepted', answer, position: START };
  }

  async function revokeDevice(userId: UserId, deviceId: DeviceId): Promise<Outcome<Record<string, never>>> {
    const command = ownCommand(runtime, userId, { type: 'RevokeDevice', deviceId } as const, { deviceId });
    const outcome = await aggregates.account.execute(streams.account(userId), command);
    const gone = outcome.kind === 'rejected' && outcome.rejection.code === 'device-unknown';
    if (outcome.kind !== 'accepted' && !gone) return outcomeOf(outcome, () => ({}));
    // After the log: a device that is not there cannot refresh, whatever becomes of its tokens.
    await tokens.revoke(userId, deviceId);
    return gone ? done(START) : outcomeOf(outcome, () => ({}));
  }

  const recordPasswordChange = async (userId: UserId) => {
    const command = ownCommand(runtime, userId, { type: 'RecordPasswordChange' } as const, {});
    return outcomeOf(await aggregates.account.execute(streams.account(userId), command), () => ({}));
  };
  const passwordChange = { vault, passwords, bounds, logger, account, revokeDevice, recordPasswordChange };

  return {
    register: (request) => guarded('register', () => register(request)),
    logIn: (request) => guarded('logIn', () => logIn(request)),
    refresh: (refreshToken) => guarded('refresh', () => refresh(refreshToken)),
    logOut: ({ userId, deviceId }) => guarded('logOut', () => revokeDevice(userId, deviceId)),
    changePassword: (change) => guarded('changePassword', () => changePassword(passwordChange, change)),
    async userIdOf(username) {
      const stream = usernameStream(normaliseUsername(username));
      const { state } = await aggregates.username.load(stream, { maxAgeMs: 0 });
      return state.heldBy ?? undefined;
    },
  };
}

function done(position: Position): Outcome<Record<string, never>> {
  return { kind: 'accepted', answer: {}, position };
}

function notAccepted(): never {
  throw new Error('an outcome that was not accepted has no answer');
}
