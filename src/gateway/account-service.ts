import type { Position } from '../commands/event-log.ts';
import type { Outcome } from '../commands/requests.ts';
import type { DeviceId, UserId } from '../domain/ids.ts';
import type { TokenPair } from '../vault/tokens.ts';

/** What the gateway asks of the part that knows accounts and sessions. */
export interface AccountService {
  register(account: {
    readonly username: string;
    readonly password: string;
    readonly nickname: string;
    readonly deviceName: string;
  }): Promise<Outcome<NewSession>>;
  logIn(credentials: {
    readonly username: string;
    readonly password: string;
    readonly deviceName: string;
  }): Promise<Outcome<NewSession>>;
  refresh(refreshToken: string): Promise<Outcome<NewSession>>;
  /** Revokes the device: its refresh tokens are worthless from then on. */
  logOut(session: { readonly userId: UserId; readonly deviceId: DeviceId }): Promise<Outcome<object>>;
  /** Revokes every other device too. */
  changePassword(change: {
    readonly userId: UserId;
    readonly deviceId: DeviceId;
    readonly oldPassword: string;
    readonly newPassword: string;
  }): Promise<Outcome<object>>;
  /** Who has this user name; only the write side knows the key of its hash. */
  userIdOf(username: string): Promise<UserId | undefined>;
}

export interface NewSession {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly username: string;
  readonly nickname: string;
  readonly tokens: TokenPair;
}

export type { Position };
