import { describe, expect, it } from 'vitest';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import type { GroupCommand } from '../../../src/domain/group/group-commands.ts';
import { canSend, groupDecider } from '../../../src/domain/group/group-decider.ts';
import type { GroupEvent } from '../../../src/domain/group/group-events.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { alice, bob, carol, dave, sealed, theGroup, userId } from '../../support/domain-fixtures.ts';
import { specification, startMs } from '../../support/given-when-then.ts';

const name = sealed('the four of us', theGroup);
const create = (by: UserId, memberIds: readonly UserId[]): GroupCommand => ({
  type: 'CreateGroup',
  groupId: theGroup,
  by,
  name,
  memberIds,
});
const created = (memberIds: readonly UserId[]): GroupEvent => ({
  type: 'GroupCreated',
  data: { groupId: theGroup, ownerId: alice, name, memberIds },
});
const joined = (user: UserId, invitedBy: UserId): GroupEvent => ({
  type: 'MemberJoined',
  data: { userId: user, invitedBy },
});
const madeAdmin = (user: UserId): GroupEvent => ({
  type: 'RoleChanged',
  data: { userId: user, role: 'admin', by: alice },
});
const dissolved: GroupEvent = { type: 'GroupDissolved', data: { by: alice } };
const invite = (by: UserId, ...userIds: readonly UserId[]): GroupCommand => ({
  type: 'InviteMembers',
  by,
  userIds,
});
const remove = (by: UserId, user: UserId): GroupCommand => ({ type: 'RemoveMember', by, userId: user });
const mute = (by: UserId, user: UserId, untilMs: number | null): GroupCommand => ({
  type: 'MuteMember',
  by,
  userId: user,
  untilMs,
});
const muted = (user: UserId, untilMs: number | null, by = alice): GroupEvent => ({
  type: 'MemberMuted',
  data: { userId: user, by, untilMs },
});

const nothing = specification(groupDecider);
/** Alice owns it, Bob is an admin, Carol a plain member, Dave a stranger. */
const group = nothing.given([created([bob, carol]), madeAdmin(bob)]);

describe('creating a group', () => {
  it('brings in the first members', () => {
    nothing.when(create(alice, [bob, carol])).then([created([bob, carol])]);
  });

  it('again is no change for its owner, and tells others nothing', () => {
    group.when(create(alice, [bob])).thenNothing();
    group.when(create(dave, [])).thenRejected('group-not-found');
  });

  it('names everyone once', () => {
    nothing.when(create(alice, [bob, bob])).thenRejected('already-member');
    nothing.when(create(alice, [alice])).thenRejected('already-member');
  });

  it('brings in only so many at a time', () => {
    const many = Array.from({ length: domainLimits.group.membersPerCommandMax + 1 }, (_, index) =>
      userId(100 + index),
    );
    nothing.when(create(alice, many)).thenRejected('too-large');
    nothing.when(create(alice, many.slice(1))).thenAccepted();
    group.when(invite(alice, ...many)).thenRejected('too-large');
  });
});

describe('a stranger', () => {
  it('cannot tell a group from none, whatever they ask', () => {
    const commands: GroupCommand[] = [
      invite(dave, userId(9)),
      { type: 'LeaveGroup', by: dave },
      remove(dave, carol),
      { type: 'ChangeRole', by: dave, userId: carol, role: 'admin' },
      { type: 'TransferOwnership', by: dave, to: carol },
      mute(dave, carol, null),
      { type: 'RenameGroup', by: dave, name },
      { type: 'SetAnnouncement', by: dave, text: null },
      { type: 'ChangeJoinPolicy', by: dave, policy: 'admins-invite' },
      { type: 'DissolveGroup', by: dave },
    ];
    for (const command of commands) {
      for (const history of [nothing, group, group.given([dissolved])]) {
        history.when(command).thenRejected('group-not-found');
      }
    }
  });
});

describe('inviting', () => {
  it('is for every member, until the policy says admins', () => {
    group.when(invite(carol, dave)).then([joined(dave, carol)]);
    const closed = group
      .when({ type: 'ChangeJoinPolicy', by: alice, policy: 'admins-invite' })
      .then([{ type: 'JoinPolicyChanged', data: { by: alice, policy: 'admins-invite' } }]);
    closed.when(invite(carol, dave)).thenRejected('forbidden');
    closed.when(invite(bob, dave)).then([joined(dave, bob)]);
  });

  it('is for all named or for nobody', () => {
    group.when(invite(carol, dave, bob)).thenRejected('already-member');
    group.when(invite(carol, dave, dave)).thenRejected('already-member');
    group.when(invite(carol)).thenRejected('bad-request');
  });

  it('stops at the greatest size', () => {
    const { membersMax } = domainLimits.group;
    const others = Array.from({ length: membersMax - 1 }, (_, index) => userId(1000 + index));
    const full = nothing.given([created(others)]);
    full.when(invite(alice, dave)).thenRejected('group-full');
  });
});

describe('leaving and removing', () => {
  it('a member leaves, and is a stranger then', () => {
    const after = group
      .when({ type: 'LeaveGroup', by: carol })
      .then([{ type: 'MemberLeft', data: { userId: carol } }]);
    after.when({ type: 'LeaveGroup', by: carol }).thenRejected('group-not-found');
    after.when(invite(bob, carol)).then([joined(carol, bob)]);
  });

  it('the owner hands the group over first', () => {
    group.when({ type: 'LeaveGroup', by: alice }).thenRejected('owner-must-transfer');
    const after = group
      .when({ type: 'TransferOwnership', by: alice, to: carol })
      .then([{ type: 'OwnershipTransferred', data: { from: alice, to: carol } }]);
    after.when({ type: 'LeaveGroup', by: alice }).then([{ type: 'MemberLeft', data: { userId: alice } }]);
    after.when({ type: 'DissolveGroup', by: carol }).thenAccepted();
    after.when({ type: 'DissolveGroup', by: alice }).thenRejected('forbidden');
  });

  it('the last one to go ends the group', () => {
    nothing
      .given([created([])])
      .when({ type: 'LeaveGroup', by: alice })
      .then([dissolved]);
  });

  it('the owner removes anyone else, an admin plain members, a member nobody', () => {
    const removed = (user: UserId, by: UserId): GroupEvent => ({
      type: 'MemberRemoved',
      data: { userId: user, by },
    });
    group.when(remove(alice, bob)).then([removed(bob, alice)]);
    group.when(remove(bob, carol)).then([removed(carol, bob)]);
    group.when(remove(bob, alice)).thenRejected('forbidden');
    group
      .given([madeAdmin(carol)])
      .when(remove(bob, carol))
      .thenRejected('forbidden');
    group.when(remove(carol, bob)).thenRejected('forbidden');
    group.when(remove(alice, alice)).thenRejected('self-not-allowed');
    group.when(remove(alice, dave)).thenRejected('not-member');
  });
});

describe('roles', () => {
  it('are given by the owner', () => {
    group.when({ type: 'ChangeRole', by: alice, userId: carol, role: 'admin' }).then([madeAdmin(carol)]);
    group.when({ type: 'ChangeRole', by: alice, userId: bob, role: 'admin' }).thenNothing();
    group.when({ type: 'ChangeRole', by: bob, userId: carol, role: 'admin' }).thenRejected('forbidden');
    group
      .when({ type: 'ChangeRole', by: alice, userId: alice, role: 'member' })
      .thenRejected('self-not-allowed');
    group.when({ type: 'ChangeRole', by: alice, userId: dave, role: 'admin' }).thenRejected('not-member');
  });

  it('the group goes to a member only, from its owner only', () => {
    group.when({ type: 'TransferOwnership', by: alice, to: dave }).thenRejected('not-member');
    group.when({ type: 'TransferOwnership', by: bob, to: carol }).thenRejected('forbidden');
    group.when({ type: 'TransferOwnership', by: alice, to: alice }).thenRejected('self-not-allowed');
  });

  it("name and announcement are the admins' matter, the join policy the owner's", () => {
    group
      .when({ type: 'RenameGroup', by: bob, name })
      .then([{ type: 'GroupRenamed', data: { by: bob, name } }]);
    group.when({ type: 'RenameGroup', by: carol, name }).thenRejected('forbidden');
    group
      .when({ type: 'SetAnnouncement', by: bob, text: null })
      .then([{ type: 'AnnouncementSet', data: { by: bob, text: null } }]);
    group.when({ type: 'SetAnnouncement', by: carol, text: null }).thenRejected('forbidden');
    group.when({ type: 'ChangeJoinPolicy', by: bob, policy: 'admins-invite' }).thenRejected('forbidden');
    group.when({ type: 'ChangeJoinPolicy', by: alice, policy: 'members-invite' }).thenNothing();
  });
});

describe('a mute', () => {
  const untilMs = startMs + 60_000;
  const quiet = group.given([muted(carol, untilMs)]);
  const code = (history: typeof group, user: UserId, nowMs = startMs) =>
    canSend(history.state, user, nowMs)?.code;

  it('is set by those above, for a time to come', () => {
    group.when(mute(bob, carol, untilMs)).then([muted(carol, untilMs, bob)]);
    group.when(mute(carol, bob, untilMs)).thenRejected('forbidden');
    group.when(mute(bob, alice, untilMs)).thenRejected('forbidden');
    group.when(mute(alice, carol, startMs)).thenRejected('bad-request');
    group.when(mute(alice, carol, startMs + 0.5)).thenRejected('bad-request');
    quiet.when(mute(alice, carol, untilMs)).thenNothing();
  });

  it('ends by itself at its time, or when it is lifted', () => {
    expect(code(quiet, carol, untilMs - 1)).toBe('muted');
    expect(code(quiet, carol, untilMs)).toBeUndefined();
    const lifted = quiet.when(mute(alice, carol, null)).then([muted(carol, null)]);
    expect(code(lifted, carol)).toBeUndefined();
  });

  it.each([
    { type: 'MemberLeft', data: { userId: carol } },
    { type: 'MemberRemoved', data: { userId: carol, by: bob } },
  ] satisfies GroupEvent[])('outlives $type: who is invited again comes back muted', (gone) => {
    const away = quiet.given([gone]);
    const back = away
      .when(invite(bob, dave, carol))
      .then([joined(dave, bob), joined(carol, bob), muted(carol, untilMs)]);
    expect(code(back, carol)).toBe('muted');
    expect(code(back, dave)).toBeUndefined();
    const lifted = back.when(mute(bob, carol, null)).then([muted(carol, null, bob)]);
    const again = lifted
      .given([gone])
      .when(invite(bob, carol))
      .then([joined(carol, bob)]);
    expect(code(again, carol)).toBeUndefined();
  });

  it('is forgotten with those who left once it has passed', () => {
    const left: GroupEvent = { type: 'MemberLeft', data: { userId: carol } };
    const away = quiet.given([left]);
    expect(away.state.pendingMutes.size).toBe(1);
    away.when(invite(bob, carol), untilMs).then([joined(carol, bob)]);
    const later = away.given([joined(dave, bob), { type: 'MemberLeft', data: { userId: dave } }], untilMs);
    expect(later.state.pendingMutes.size).toBe(0);
    expect(quiet.given([left], untilMs).state.pendingMutes.size).toBe(0);
    expect(group.given([left]).state.pendingMutes.size).toBe(0);
  });

  it('does not outlive becoming the owner', () => {
    const owner = quiet.given([{ type: 'OwnershipTransferred', data: { from: alice, to: carol } }]);
    expect(code(owner, carol)).toBeUndefined();
  });

  it('does not stop others; strangers and the dissolved group do', () => {
    expect(code(quiet, bob)).toBeUndefined();
    expect(code(group, dave)).toBe('group-not-found');
    expect(code(nothing, alice)).toBe('group-not-found');
    expect(code(group.given([dissolved]), carol)).toBe('group-dissolved');
    expect(code(group.given([dissolved]), dave)).toBe('group-not-found');
  });
});

describe('a dissolved group', () => {
  it('is dissolved by its owner, for ever', () => {
    group.when({ type: 'DissolveGroup', by: bob }).thenRejected('forbidden');
    const over = group.when({ type: 'DissolveGroup', by: alice }).then([dissolved]);
    over.when(invite(alice, dave)).thenRejected('group-dissolved');
    over.when({ type: 'DissolveGroup', by: alice }).thenRejected('group-dissolved');
    expect(groupDecider.isTerminal(over.state)).toBe(true);
    expect(groupDecider.isTerminal(group.state)).toBe(false);
  });
});
