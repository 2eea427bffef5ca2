import { Map as PersistentMap } from 'immutable';
import type { EventContext } from '../decider.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { GroupEvent, GroupRole, JoinPolicy } from './group-events.ts';

export interface GroupMember {
  readonly role: GroupRole;
  /** May not send before this time (ms); `null`: not muted. */
  readonly mutedUntilMs: number | null;
  /** Who muted them; `null`: nobody. */
  readonly mutedBy: UserId | null;
}

/** What waits for someone who left while muted. */
export interface PendingMute {
  readonly untilMs: number;
  readonly by: UserId;
}

export interface GroupState {
  readonly status: 'none' | 'active' | 'dissolved';
  readonly groupId: GroupId | null;
  readonly joinPolicy: JoinPolicy;
  /** The owner included. Kept after the end, so that former members are told `group-dissolved`. */
  readonly members: PersistentMap<UserId, GroupMember>;
  /** Of those who left while muted: leaving and coming back ends no mute. Dropped once the mute would have ended. */
  readonly pendingMutes: PersistentMap<UserId, PendingMute>;
}

export const initialGroup: GroupState = {
  status: 'none',
  groupId: null,
  joinPolicy: 'members-invite',
  members: PersistentMap(),
  pendingMutes: PersistentMap(),
};

/** Measured: 215, and 243 for one with something special. */
const memberBytes = 250;

/** Shared by the many members who have nothing special: a large group holds one object for all of them. */
const plainMember: GroupMember = { role: 'member', mutedUntilMs: null, mutedBy: null };

export function evolveGroup(state: GroupState, event: GroupEvent, at: EventContext): GroupState {
  switch (event.type) {
    case 'GroupCreated': {
      const { groupId, ownerId, memberIds } = event.data;
      const members = state.members.withMutations((map) => {
        map.set(ownerId, { ...plainMember, role: 'owner' });
        for (const memberId of memberIds) map.set(memberId, plainMember);
      });
      return { ...state, status: 'active', groupId, members };
    }
    case 'MemberJoined': {
      const { userId } = event.data;
      // Whoever comes back muted is muted by an event of its own, right after this one.
      const pendingMutes = state.pendingMutes.delete(userId);
      return { ...state, members: state.members.set(userId, plainMember), pendingMutes };
    }
    case 'MemberLeft':
    case 'MemberRemoved':
      return withoutMember(state, event.data.userId, at.timeMs);
    case 'RoleChanged':
      return changeMember(state, event.data.userId, { role: event.data.role });
    case 'OwnershipTransferred': {
      const { from, to } = event.data;
      const handedOver = changeMember(state, from, { role: 'member' });
      // An owner is never muted: nobody could lift it.
      return changeMember(handedOver, to, { role: 'owner', mutedUntilMs: null, mutedBy: null });
    }
    case 'MemberMuted': {
      const { userId, untilMs, by } = event.data;
      return changeMember(state, userId, { mutedUntilMs: untilMs, mutedBy: untilMs === null ? null : by });
    }
    case 'JoinPolicyChanged':
      return { ...state, joinPolicy: event.data.policy };
    case 'GroupRenamed':
    case 'AnnouncementSet':
      return state;
    case 'GroupDissolved':
      return { ...state, status: 'dissolved' };
  }
}

function withoutMember(state: GroupState, userId: UserId, timeMs: number): GroupState {
  const { mutedUntilMs, mutedBy } = state.members.get(userId) ?? plainMember;
  const waiting = state.pendingMutes.filter(({ untilMs }) => untilMs > timeMs);
  const isMuted = mutedUntilMs !== null && mutedBy !== null && mutedUntilMs > timeMs;
  const pendingMutes = isMuted ? waiting.set(userId, { untilMs: mutedUntilMs, by: mutedBy }) : waiting;
  return { ...state, members: state.members.delete(userId), pendingMutes };
}

function changeMember(state: GroupState, userId: UserId, change: Partial<GroupMember>): GroupState {
  const changed = { ...(state.members.get(userId) ?? plainMember), ...change };
  const isPlain = changed.role === 'member' && changed.mutedUntilMs === null;
  return { ...state, members: state.members.set(userId, isPlain ? plainMember : changed) };
}

/** About how many bytes of memory the members and the pending mutes take. */
export function groupBytes(state: GroupState): number {
  return (state.members.size + state.pendingMutes.size) * memberBytes;
}

interface GroupSnapshot extends Omit<GroupState, 'members' | 'pendingMutes'> {
  /** Members with nothing special, by id alone: they are nearly all of a large group. */
  readonly plain: readonly UserId[];
  readonly special: readonly (readonly [UserId, GroupMember])[];
  readonly pending: readonly (readonly [UserId, PendingMute])[];
}

export function groupToSnapshot(state: GroupState): GroupSnapshot {
  const { members, pendingMutes, ...rest } = state;
  const plain: UserId[] = [];
  const special: [UserId, GroupMember][] = [];
  for (const [userId, member] of members) {
    if (member === plainMember) plain.push(userId);
    else special.push([userId, member]);
  }
  return { ...rest, plain, special, pending: [...pendingMutes] };
}

export function groupFromSnapshot(json: unknown): GroupState {
  const { plain, special, pending, ...rest } = json as GroupSnapshot;
  const members = PersistentMap<UserId, GroupMember>().withMutations((map) => {
    for (const userId of plain) map.set(userId, plainMember);
    for (const [userId, member] of special) map.set(userId, member);
  });
  return { ...rest, members, pendingMutes: PersistentMap(pending) };
}
