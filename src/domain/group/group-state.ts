import { Map as PersistentMap } from 'immutable';
import type { GroupId, UserId } from '../ids.ts';
import type { GroupEvent, GroupRole, JoinPolicy } from './group-events.ts';

export interface GroupMember {
  readonly role: GroupRole;
  /** May not send before this time (ms); `null`: not muted. */
  readonly mutedUntilMs: number | null;
}

export interface GroupState {
  readonly status: 'none' | 'active' | 'dissolved';
  readonly groupId: GroupId | null;
  readonly joinPolicy: JoinPolicy;
  /** The owner included. Kept after the end, so that former members are told `group-dissolved`. */
  readonly members: PersistentMap<UserId, GroupMember>;
}

export const initialGroup: GroupState = {
  status: 'none',
  groupId: null,
  joinPolicy: 'members-invite',
  members: PersistentMap(),
};

/** Measured: 215, and 243 for one with something special. */
const memberBytes = 250;

/** Shared by the many members who have nothing special: a large group holds one object for all of them. */
const plainMember: GroupMember = { role: 'member', mutedUntilMs: null };

export function evolveGroup(state: GroupState, event: GroupEvent): GroupState {
  switch (event.type) {
    case 'GroupCreated': {
      const { groupId, ownerId, memberIds } = event.data;
      const members = state.members.withMutations((map) => {
        map.set(ownerId, { role: 'owner', mutedUntilMs: null });
        for (const memberId of memberIds) map.set(memberId, plainMember);
      });
      return { ...state, status: 'active', groupId, members };
    }
    case 'MemberJoined':
      return { ...state, members: state.members.set(event.data.userId, plainMember) };
    case 'MemberLeft':
    case 'MemberRemoved':
      return { ...state, members: state.members.delete(event.data.userId) };
    case 'RoleChanged':
      return changeMember(state, event.data.userId, { role: event.data.role });
    case 'OwnershipTransferred': {
      const { from, to } = event.data;
      const handedOver = changeMember(state, from, { role: 'member' });
      // An owner is never muted: nobody could lift it.
      return changeMember(handedOver, to, { role: 'owner', mutedUntilMs: null });
    }
    case 'MemberMuted':
      return changeMember(state, event.data.userId, { mutedUntilMs: event.data.untilMs });
    case 'JoinPolicyChanged':
      return { ...state, joinPolicy: event.data.policy };
    case 'GroupRenamed':
    case 'AnnouncementSet':
      return state;
    case 'GroupDissolved':
      return { ...state, status: 'dissolved' };
  }
}

function changeMember(state: GroupState, userId: UserId, change: Partial<GroupMember>): GroupState {
  const changed = { ...(state.members.get(userId) ?? plainMember), ...change };
  const isPlain = changed.role === 'member' && changed.mutedUntilMs === null;
  return { ...state, members: state.members.set(userId, isPlain ? plainMember : changed) };
}

/** About how many bytes of memory the members take. */
export function groupBytes(state: GroupState): number {
  return state.members.size * memberBytes;
}

interface GroupSnapshot extends Omit<GroupState, 'members'> {
  /** Members with nothing special, by id alone: they are nearly all of a large group. */
  readonly plain: readonly UserId[];
  readonly special: readonly (readonly [UserId, GroupMember])[];
}

export function groupToSnapshot(state: GroupState): GroupSnapshot {
  const { members, ...rest } = state;
  const plain: UserId[] = [];
  const special: [UserId, GroupMember][] = [];
  for (const [userId, member] of members) {
    if (member === plainMember) plain.push(userId);
    else special.push([userId, member]);
  }
  return { ...rest, plain, special };
}

export function groupFromSnapshot(json: unknown): GroupState {
  const { plain, special, ...rest } = json as GroupSnapshot;
  const members = PersistentMap<UserId, GroupMember>().withMutations((map) => {
    for (const userId of plain) map.set(userId, plainMember);
    for (const [userId, member] of special) map.set(userId, member);
  });
  return { ...rest, members };
}
