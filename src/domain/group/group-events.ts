import type { GroupId, UserId } from '../ids.ts';
import type { Sealed } from '../sealed.ts';

export type GroupRole = 'owner' | 'admin' | 'member';
/** Who may bring someone in: any member, or the owner and admins only. */
export type JoinPolicy = 'members-invite' | 'admins-invite';

/** On `group-{groupId}`. */
export type GroupEvent =
  | {
      readonly type: 'GroupCreated';
      readonly data: {
        readonly groupId: GroupId;
        readonly ownerId: UserId;
        readonly name: Sealed;
        /** The first members beside the owner. */
        readonly memberIds: readonly UserId[];
      };
    }
  | { readonly type: 'MemberJoined'; readonly data: { readonly userId: UserId; readonly invitedBy: UserId } }
  | { readonly type: 'MemberLeft'; readonly data: { readonly userId: UserId } }
  | { readonly type: 'MemberRemoved'; readonly data: { readonly userId: UserId; readonly by: UserId } }
  | {
      readonly type: 'RoleChanged';
      readonly data: { readonly userId: UserId; readonly role: 'admin' | 'member'; readonly by: UserId };
    }
  | { readonly type: 'OwnershipTransferred'; readonly data: { readonly from: UserId; readonly to: UserId } }
  | {
      readonly type: 'MemberMuted';
      /** Muted until this time (ms); `null` unmutes. */
      readonly data: { readonly userId: UserId; readonly by: UserId; readonly untilMs: number | null };
    }
  | { readonly type: 'GroupRenamed'; readonly data: { readonly by: UserId; readonly name: Sealed } }
  | { readonly type: 'AnnouncementSet'; readonly data: { readonly by: UserId; readonly text: Sealed | null } }
  | {
      readonly type: 'JoinPolicyChanged';
      readonly data: { readonly by: UserId; readonly policy: JoinPolicy };
    }
  | { readonly type: 'GroupDissolved'; readonly data: { readonly by: UserId } };
