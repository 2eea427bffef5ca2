import type { GroupRole, JoinPolicy } from '../domain/group/group-events.ts';
import type { GroupId, UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';

/** What a batch does to one group. `null` leaves a field alone; the announcement, which may be null, has a box. */
export interface GroupDelta {
  readonly groupId: GroupId;
  /** The group's creation is in the batch. */
  readonly createdAtMs: number | null;
  readonly name: Sealed | null;
  readonly ownerId: UserId | null;
  readonly announcement: { readonly text: Sealed | null } | null;
  readonly joinPolicy: JoinPolicy | null;
  readonly dissolvedAtMs: number | null;
  /** Added to the member count. */
  readonly joined: number;
}

/** What a batch does to one membership. */
export type MemberDelta = { readonly groupId: GroupId; readonly userId: UserId } & (
  | {
      readonly kind: 'in';
      readonly role: GroupRole;
      readonly joinedAtMs: number;
      readonly mutedUntilMs: number | null;
    }
  | { readonly kind: 'out' }
  /** Of one who is in since before the batch. */
  | {
      readonly kind: 'changed';
      readonly role: GroupRole | null;
      readonly mute: { readonly untilMs: number | null } | null;
    }
);

export interface GroupsRows {
  readonly groups: readonly GroupDelta[];
  readonly members: readonly MemberDelta[];
}

/** Folds the events of any number of groups. */
export function foldGroups(events: readonly ProjectedEvent[]): GroupsRows {
  const groups = new Map<GroupId, GroupDelta>();
  const members = new Map<string, MemberDelta>();

  const change = (groupId: GroupId, delta: Partial<GroupDelta>): void => {
    groups.set(groupId, { ...(groups.get(groupId) ?? untouched(groupId)), ...delta });
  };
  const count = (groupId: GroupId, joined: number): void => {
    change(groupId, { joined: (groups.get(groupId)?.joined ?? 0) + joined });
  };
  const setMember = (delta: MemberDelta): void => {
    members.set(`${delta.groupId}>${delta.userId}`, delta);
  };
  const changeMember = (
    groupId: GroupId,
    userId: UserId,
    changed: { role?: GroupRole; mute?: { readonly untilMs: number | null } },
  ): void => {
    const known = members.get(`${groupId}>${userId}`);
    if (known?.kind === 'out') return;
    if (known?.kind === 'in') {
      const mutedUntilMs = changed.mute === undefined ? known.mutedUntilMs : changed.mute.untilMs;
      setMember({ ...known, role: changed.role ?? known.role, mutedUntilMs });
    } else {
      const before = known ?? { role: null, mute: null };
      const role = changed.role ?? before.role;
      setMember({ groupId, userId, kind: 'changed', role, mute: changed.mute ?? before.mute });
    }
  };

  for (const event of events) {
    const groupId = streamKey(event.stream) as GroupId;
    const join = (userId: UserId, role: GroupRole): void =>
      setMember({ groupId, userId, kind: 'in', role, joinedAtMs: event.timeMs, mutedUntilMs: null });
    switch (event.type) {
      case 'GroupCreated': {
        const { ownerId, name, memberIds } = event.data;
        join(ownerId, 'owner');
        for (const memberId of memberIds) join(memberId, 'member');
        change(groupId, { createdAtMs: event.timeMs, name, ownerId, joinPolicy: 'members-invite' });
        count(groupId, new Set([ownerId, ...memberIds]).size);
        break;
      }
      case 'MemberJoined':
        join(event.data.userId, 'member');
        count(groupId, 1);
        break;
      case 'MemberLeft':
      case 'MemberRemoved':
        setMember({ groupId, userId: event.data.userId, kind: 'out' });
        count(groupId, -1);
        break;
      case 'RoleChanged':
        changeMember(groupId, event.data.userId, { role: event.data.role });
        change(groupId, {});
        break;
      case 'OwnershipTransferred':
        changeMember(groupId, event.data.from, { role: 'member' });
        changeMember(groupId, event.data.to, { role: 'owner', mute: { untilMs: null } });
        change(groupId, { ownerId: event.data.to });
        break;
      case 'MemberMuted':
        changeMember(groupId, event.data.userId, { mute: { untilMs: event.data.untilMs } });
        change(groupId, {});
        break;
      case 'GroupRenamed':
        change(groupId, { name: event.data.name });
        break;
      case 'AnnouncementSet':
        change(groupId, { announcement: { text: event.data.text } });
        break;
      case 'JoinPolicyChanged':
        change(groupId, { joinPolicy: event.data.policy });
        break;
      case 'GroupDissolved':
        change(groupId, { dissolvedAtMs: event.timeMs });
        break;
      default:
        break;
    }
  }
  return { groups: [...groups.values()], members: [...members.values()] };
}

function untouched(groupId: GroupId): GroupDelta {
  return {
    groupId,
    createdAtMs: null,
    name: null,
    ownerId: null,
    announcement: null,
    joinPolicy: null,
    dissolvedAtMs: null,
    joined: 0,
  };
}
