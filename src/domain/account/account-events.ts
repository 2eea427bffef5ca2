import type { DeviceId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** On `username-{keyed hash}`. The claim holds all that the later steps of a registration need. */
export type UsernameEvent =
  | {
      readonly type: 'UsernameClaimed';
      readonly data: { readonly userId: UserId; readonly username: Sealed; readonly nickname: Sealed };
    }
  | { readonly type: 'UsernameReleased'; readonly data: { readonly userId: UserId } };

/** On `account-{userId}`. No secret and no hash of one is ever in the log. */
export type AccountEvent =
  | {
      readonly type: 'AccountRegistered';
      readonly data: { readonly userId: UserId; readonly username: Sealed; readonly nickname: Sealed };
    }
  | { readonly type: 'ProfileChanged'; readonly data: { readonly nickname: Sealed } }
  | { readonly type: 'PasswordChanged'; readonly data: Record<string, never> }
  /** Set, changed or reset: all that was proven with the one before is worth nothing. */
  | { readonly type: 'PaymentPinSet'; readonly data: Record<string, never> }
  | { readonly type: 'DeviceAdded'; readonly data: { readonly deviceId: DeviceId; readonly name: Sealed } }
  | { readonly type: 'DeviceRevoked'; readonly data: { readonly deviceId: DeviceId } }
  | { readonly type: 'AccountFrozen'; readonly data: { readonly reason: string } }
  | { readonly type: 'AccountUnfrozen'; readonly data: { readonly reason: string } }
  | { readonly type: 'AccountClosed'; readonly data: Record<string, never> };
