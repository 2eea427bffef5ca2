import type { UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

/** On `friendship-{a}~{b}`, one stream for the unordered pair. */
export type FriendshipEvent =
  | {
      readonly type: 'FriendRequested';
      readonly data: { readonly from: UserId; readonly to: UserId; readonly note: Sealed | null };
    }
  | { readonly type: 'FriendAccepted'; readonly data: { readonly by: UserId; readonly requestedBy: UserId } }
  | { readonly type: 'FriendDeclined'; readonly data: { readonly by: UserId; readonly requestedBy: UserId } }
  | { readonly type: 'FriendRemoved'; readonly data: { readonly by: UserId; readonly removed: UserId } }
  | { readonly type: 'UserBlocked'; readonly data: { readonly by: UserId; readonly blocked: UserId } }
  | { readonly type: 'UserUnblocked'; readonly data: { readonly by: UserId; readonly unblocked: UserId } }
  | {
      readonly type: 'RemarkSet';
      /** `remark: null` takes it away. */
      readonly data: { readonly by: UserId; readonly about: UserId; readonly remark: Sealed | null };
    };
