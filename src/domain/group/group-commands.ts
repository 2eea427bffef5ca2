import type { GroupId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';
import type { JoinPolicy } from './group-events.ts';

/** To `group-{groupId}`. `by` is the acting user. */
export type GroupCommand =
  | {
      readonly type: 'CreateGroup';
      readonly groupId: GroupId;
      readonly by: UserId;
      readonly name: Sealed;
      readonly memberIds: readonly UserId[];
    }
  | { readonly type: 'InviteMembers'; readonly by: UserId; readonly userIds: readonly UserId[] }
  | { readonly type: 'LeaveGroup'; readonly by: UserId }
  | { readonly type: 'RemoveMember'; readonly by: UserId; readonly userId: UserId }
  | {
      readonly type: 'ChangeRole';
      readonly by: UserId;
      readonly userId: UserId;
      readonly role: 'admin' | 'member';
    }
  | { readonly type: 'TransferOwnership'; readonly by: UserId; readonly to: UserId }
  | {
      readonly type: 'MuteMember';
      readonly by: UserId;
      readonly userId: UserId;
      readonly untilMs: number | null;
    }
  | { readonly type: 'RenameGroup'; readonly by: UserId; readonly name: Sealed }
  | { readonly type: 'SetAnnouncement'; readonly by: UserId; readonly text: Sealed | null }
  | { readonly type: 'ChangeJoinPolicy'; readonly by: UserId; readonly policy: JoinPolicy }
  | { readonly type: 'DissolveGroup'; readonly by: UserId };
