import type { DeviceId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** To `username-{keyed hash}`. */
export type UsernameCommand =
  | {
      readonly type: 'ClaimUsername';
      readonly userId: UserId;
      readonly username: Sealed;
      readonly nickname: Sealed;
    }
  | { readonly type: 'ReleaseUsername'; readonly userId: UserId };

/** To `account-{userId}`. */
export type AccountCommand =
  | {
      readonly type: 'RegisterAccount';
      readonly userId: UserId;
      readonly username: Sealed;
      readonly nickname: Sealed;
    }
  | { readonly type: 'ChangeProfile'; readonly nickname: Sealed }
  | { readonly type: 'RecordPasswordChange' }
  | { readonly type: 'RecordPaymentPin' }
  | { readonly type: 'AddDevice'; readonly deviceId: DeviceId; readonly name: Sealed }
  | { readonly type: 'RevokeDevice'; readonly deviceId: DeviceId }
  | { readonly type: 'FreezeAccount'; readonly reason: string }
  | { readonly type: 'UnfreezeAccount'; readonly reason: string }
  | { readonly type: 'CloseAccount' };
