import type { UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** To `friendship-{a}~{b}`. `by` does it to `other`. */
export type FriendshipCommand =
  | {
      readonly type: 'RequestFriend';
      readonly by: UserId;
      readonly other: UserId;
      readonly note: Sealed | null;
    }
  | { readonly type: 'AcceptFriend'; readonly by: UserId; readonly other: UserId }
  | { readonly type: 'DeclineFriend'; readonly by: UserId; readonly other: UserId }
  | { readonly type: 'RemoveFriend'; readonly by: UserId; readonly other: UserId }
  | { readonly type: 'BlockUser'; readonly by: UserId; readonly other: UserId }
  | { readonly type: 'UnblockUser'; readonly by: UserId; readonly other: UserId }
  | {
      readonly type: 'SetRemark';
      readonly by: UserId;
      readonly other: UserId;
      readonly remark: Sealed | null;
    };
