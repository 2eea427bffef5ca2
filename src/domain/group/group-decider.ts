import type { DecideContext, Decider, Decision, Rejection } from '../decider.ts';
import { accept, refuse, reject, rejection } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import type { UserId } from '../ids.ts';
import type { GroupCommand } from './group-commands.ts';
import type { GroupEvent } from './group-events.ts';
import type { GroupMember, GroupState } from './group-state.ts';
import { evolveGroup, groupBytes, groupFromSnapshot, groupToSnapshot, initialGroup } from './group-state.ts';

type CommandOf<Type extends GroupCommand['type']> = Extract<GroupCommand, { readonly type: Type }>;

/**
 * A group. The owner may do everything, admins invite, remove and mute plain members and edit name and
 * announcement; who else may invite is the join policy's. A stranger is told `group-not-found` whatever they
 * ask, so that they cannot find out which groups exist. Dissolving is for ever.
 */
export const groupDecider: Decider<GroupState, GroupCommand, GroupEvent> = {
  foldVersion: 2,
  initialState: initialGroup,
  decide,
  evolve: evolveGroup,
  isTerminal: (state) => state.status === 'dissolved',
  stateBytes: groupBytes,
  toSnapshot: groupToSnapshot,
  fromSnapshot: groupFromSnapshot,
};

/** Why `userId` may not see the group or write to it at all; `undefined` for a member of a living group. */
export function membershipRefusal(state: GroupState, userId: UserId): Rejection | undefined {
  if (state.status === 'none' || !state.members.has(userId)) return groupNotFound;
  return state.status === 'dissolved'
    ? rejection('group-dissolved', 'The group has been dissolved.')
    : undefined;
}

/** Why `userId` may not send into the group at `nowMs`; `undefined` when they may. A mute ends by itself. */
export function canSend(state: GroupState, userId: UserId, nowMs: number): Rejection | undefined {
  const refusal = membershipRefusal(state, userId);
  if (refusal !== undefined) return refusal;
  const mutedUntilMs = state.members.get(userId)?.mutedUntilMs ?? null;
  return mutedUntilMs !== null && nowMs < mutedUntilMs
    ? rejection('muted', 'You are muted in this group.')
    : undefined;
}

const tooMany = rejection(
  'too-large',
  `At most ${domainLimits.group.membersPerCommandMax} members at a time.`,
);
export const groupNotFound = rejection('group-not-found', 'There is no such group, or you are not in it.');

function decide(command: GroupCommand, state: GroupState, context: DecideContext): Decision<GroupEvent> {
  if (command.type === 'CreateGroup') return createGroup(command, state);
  const refusal = membershipRefusal(state, command.by);
  const actor = state.members.get(command.by);
  if (refusal !== undefined) return refuse(refusal);
  if (actor === undefined) return refuse(groupNotFound);
  switch (command.type) {
    case 'InviteMembers':
      return inviteMembers(command, state, context.nowMs);
    case 'LeaveGroup':
      if (actor.role !== 'owner') return accept({ type: 'MemberLeft', data: { userId: command.by } });
      // The last one to go has nobody to hand the group to: it ends.
      if (state.members.size === 1) return accept({ type: 'GroupDissolved', data: { by: command.by } });
      return reject('owner-must-transfer', 'Hand the group over to another member before leaving it.');
    case 'RemoveMember': {
      const { by, userId } = command;
      const target = memberUnder(state, actor, by, userId);
      if ('code' in target) return refuse(target);
      return accept({ type: 'MemberRemoved', data: { userId, by } });
    }
    case 'ChangeRole': {
      const { by, userId, role } = command;
      if (actor.role !== 'owner') return reject('forbidden', 'Only the owner may do this.');
      const target = memberUnder(state, actor, by, userId);
      if ('code' in target) return refuse(target);
      if (target.role === role) return accept();
      return accept({ type: 'RoleChanged', data: { userId, role, by } });
    }
    case 'TransferOwnership': {
      const { by, to } = command;
      if (actor.role !== 'owner') return reject('forbidden', 'Only the owner may do this.');
      const target = memberUnder(state, actor, by, to);
      if ('code' in target) return refuse(target);
      return accept({ type: 'OwnershipTransferred', data: { from: by, to } });
    }
    case 'MuteMember':
      return muteMember(command, state, actor, context.nowMs);
    case 'RenameGroup':
      if (actor.role === 'member') return reject('forbidden', 'Only the owner and admins may do this.');
      return accept({ type: 'GroupRenamed', data: { by: command.by, name: command.name } });
    case 'SetAnnouncement':
      if (actor.role === 'member') return reject('forbidden', 'Only the owner and admins may do this.');
      return accept({ type: 'AnnouncementSet', data: { by: command.by, text: command.text } });
    case 'ChangeJoinPolicy':
      if (actor.role !== 'owner') return reject('forbidden', 'Only the owner may do this.');
      if (state.joinPolicy === command.policy) return accept();
      return accept({ type: 'JoinPolicyChanged', data: { by: command.by, policy: command.policy } });
    case 'DissolveGroup':
      if (actor.role !== 'owner') return reject('forbidden', 'Only the owner may do this.');
      return accept({ type: 'GroupDissolved', data: { by: command.by } });
  }
}

/** Why `by` cannot found a group with these. */
export function firstMembersRefusal(by: UserId, memberIds: readonly UserId[]): Rejection | undefined {
  if (memberIds.length > domainLimits.group.membersPerCommandMax) return tooMany;
  return new Set([by, ...memberIds]).size === memberIds.length + 1
    ? undefined
    : rejection('already-member', 'A member is named twice.');
}

/** Creating it again is accepted without an event for its owner, and refused to anyone who guesses its id. */
function createGroup(command: CommandOf<'CreateGroup'>, state: GroupState): Decision<GroupEvent> {
  const { groupId, by, name, memberIds } = command;
  if (state.status !== 'none') {
    return state.members.get(by)?.role === 'owner' ? accept() : refuse(groupNotFound);
  }
  const refusal = firstMembersRefusal(by, memberIds);
  if (refusal !== undefined) return refuse(refusal);
  return accept({ type: 'GroupCreated', data: { groupId, ownerId: by, name, memberIds: [...memberIds] } });
}

/**
 * All or nobody: one who is in the group already refuses the whole invitation, so that nothing is half done. Who
 * left while muted comes back muted.
 */
function inviteMembers(
  command: CommandOf<'InviteMembers'>,
  state: GroupState,
  nowMs: number,
): Decision<GroupEvent> {
  const { by, userIds } = command;
  const refusal = invitationRefusal(state, by, userIds);
  if (refusal !== undefined) return refuse(refusal);
  return accept(
    ...userIds.flatMap((userId): readonly GroupEvent[] => {
      const joined = { type: 'MemberJoined', data: { userId, invitedBy: by } } as const;
      const mute = state.pendingMutes.get(userId);
      if (mute === undefined || mute.untilMs <= nowMs) return [joined];
      // Said by an event of its own, so that whoever folds the stream needs to remember nobody who left.
      return [joined, { type: 'MemberMuted', data: { userId, ...mute } }];
    }),
  );
}

/** Why `by` may not bring these in, as far as the group knows; whether they may be asked, it does not. */
export function invitationRefusal(
  state: GroupState,
  by: UserId,
  userIds: readonly UserId[],
): Rejection | undefined {
  const refusal = membershipRefusal(state, by);
  if (refusal !== undefined) return refusal;
  if (state.joinPolicy === 'admins-invite' && state.members.get(by)?.role === 'member') {
    return rejection('forbidden', 'Only the owner and admins may bring someone in.');
  }
  if (userIds.length === 0) return rejection('bad-request', 'The invitation names nobody.');
  if (userIds.length > domainLimits.group.membersPerCommandMax) return tooMany;
  if (new Set(userIds).size !== userIds.length || userIds.some((userId) => state.members.has(userId))) {
    return rejection('already-member', 'A user is in the group already, or named twice.');
  }
  return state.members.size + userIds.length > domainLimits.group.membersMax
    ? rejection('group-full', `A group has at most ${domainLimits.group.membersMax} members.`)
    : undefined;
}

function muteMember(
  command: CommandOf<'MuteMember'>,
  state: GroupState,
  actor: GroupMember,
  nowMs: number,
): Decision<GroupEvent> {
  const { by, userId, untilMs } = command;
  const target = memberUnder(state, actor, by, userId);
  if ('code' in target) return refuse(target);
  if (untilMs !== null && (!Number.isSafeInteger(untilMs) || untilMs <= nowMs)) {
    return reject('bad-request', 'A mute ends at a time in the future.');
  }
  if (target.mutedUntilMs === untilMs) return accept();
  return accept({ type: 'MemberMuted', data: { userId, by, untilMs } });
}

/** The member `userId` if `actor` stands above them: the owner above everyone else, admins above plain members. */
function memberUnder(
  state: GroupState,
  actor: GroupMember,
  by: UserId,
  userId: UserId,
): GroupMember | Rejection {
  if (actor.role === 'member') return rejection('forbidden', 'Only the owner and admins may do this.');
  if (by === userId) return rejection('self-not-allowed', 'This cannot be done with oneself.');
  const target = state.members.get(userId);
  if (target === undefined) return rejection('not-member', 'The user is not in the group.');
  if (actor.role === 'admin' && target.role !== 'member') {
    return rejection('forbidden', 'An admin may do this with plain members only.');
  }
  return target;
}
