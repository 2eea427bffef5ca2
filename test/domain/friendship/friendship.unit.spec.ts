import { describe, expect, it } from 'vitest';
import type { FriendshipCommand } from '../../../src/domain/friendship/friendship-commands.ts';
import { canConverse, friendshipDecider } from '../../../src/domain/friendship/friendship-decider.ts';
import type { FriendshipEvent } from '../../../src/domain/friendship/friendship-events.ts';
import type { UserId } from '../../../src/domain/ids.ts';
import { alice, bob, sealed } from '../../support/domain-fixtures.ts';
import { specification } from '../../support/given-when-then.ts';

const otherOf = (by: UserId) => (by === alice ? bob : alice);
const note = sealed('hi, it is me');
const request = (by: UserId): FriendshipCommand => ({ type: 'RequestFriend', by, other: otherOf(by), note });
const act = (
  type: 'AcceptFriend' | 'DeclineFriend' | 'RemoveFriend' | 'BlockUser' | 'UnblockUser',
  by: UserId,
): FriendshipCommand => ({ type, by, other: otherOf(by) });
const remark = (by: UserId, text: string | null): FriendshipCommand => ({
  type: 'SetRemark',
  by,
  other: otherOf(by),
  remark: text === null ? null : sealed(text),
});
const requested = (from: UserId): FriendshipEvent => ({
  type: 'FriendRequested',
  data: { from, to: otherOf(from), note },
});
const accepted = (by: UserId): FriendshipEvent => ({
  type: 'FriendAccepted',
  data: { by, requestedBy: otherOf(by) },
});
const declined = (by: UserId): FriendshipEvent => ({
  type: 'FriendDeclined',
  data: { by, requestedBy: otherOf(by) },
});
const removed = (by: UserId): FriendshipEvent => ({
  type: 'FriendRemoved',
  data: { by, removed: otherOf(by) },
});
const blocked = (by: UserId): FriendshipEvent => ({
  type: 'UserBlocked',
  data: { by, blocked: otherOf(by) },
});
const unblocked = (by: UserId): FriendshipEvent => ({
  type: 'UserUnblocked',
  data: { by, unblocked: otherOf(by) },
});

const strangers = specification(friendshipDecider);
const asked = strangers.given([requested(alice)]);
const friends = asked.given([accepted(bob)]);

describe('a friend request', () => {
  it('is accepted by the other', () => {
    strangers
      .when(request(alice))
      .then([requested(alice)])
      .when(act('AcceptFriend', bob))
      .then([accepted(bob)]);
  });

  it('cannot be accepted or declined by whoever sent it, nor when there is none', () => {
    asked.when(act('AcceptFriend', alice)).thenRejected('no-request');
    asked.when(act('DeclineFriend', alice)).thenRejected('no-request');
    strangers.when(act('AcceptFriend', bob)).thenRejected('no-request');
  });

  it('waits once', () => {
    asked.when(request(alice)).thenRejected('request-pending');
  });

  it('that crosses another makes the two friends', () => {
    asked.when(request(bob)).then([accepted(bob)]);
  });

  it('may be sent again after it was declined', () => {
    asked
      .when(act('DeclineFriend', bob))
      .then([declined(bob)])
      .when(request(alice))
      .then([requested(alice)]);
  });

  it('is of no use between friends', () => {
    friends.when(request(alice)).thenRejected('already-friends');
    friends.when(act('AcceptFriend', bob)).thenRejected('already-friends');
  });

  it('is not for oneself', () => {
    strangers
      .when({ type: 'RequestFriend', by: alice, other: alice, note: null })
      .thenRejected('self-not-allowed');
  });
});

describe('a friendship', () => {
  it('ends for both when one of them ends it, and may begin anew', () => {
    const over = friends.when(act('RemoveFriend', alice)).then([removed(alice)]);
    over.when(act('RemoveFriend', bob)).thenRejected('not-friends');
    over.when(request(bob)).then([requested(bob)]);
  });

  it('has remarks, which go when it ends', () => {
    friends
      .when(remark(alice, 'Bobby'))
      .then([{ type: 'RemarkSet', data: { by: alice, about: bob, remark: sealed('Bobby') } }]);
    friends.when(remark(alice, null)).thenNothing();
    strangers.when(remark(alice, 'Bobby')).thenRejected('not-friends');
    const set: FriendshipEvent = {
      type: 'RemarkSet',
      data: { by: alice, about: bob, remark: sealed('Bobby') },
    };
    friends.given([set]).when(remark(alice, null)).thenAccepted();
    friends.given([set]).when(remark(bob, null)).thenNothing();
    friends
      .given([set, removed(bob), requested(bob), accepted(alice)])
      .when(remark(alice, null))
      .thenNothing();
  });
});

describe('a block', () => {
  const bobBlocks = strangers.given([blocked(bob)]);

  it('needs no friendship, and is set once', () => {
    strangers
      .when(act('BlockUser', bob))
      .then([blocked(bob)])
      .when(act('BlockUser', bob))
      .thenNothing();
  });

  it('stops requests in both directions', () => {
    bobBlocks.when(request(alice)).thenRejected('blocked');
    bobBlocks.when(request(bob)).thenRejected('blocked');
  });

  it('covers a waiting request, which can be answered when it is lifted', () => {
    const covered = asked.given([blocked(bob)]);
    covered.when(act('AcceptFriend', bob)).thenRejected('blocked');
    covered.when(act('DeclineFriend', bob)).then([declined(bob)]);
    covered
      .given([unblocked(bob)])
      .when(act('AcceptFriend', bob))
      .then([accepted(bob)]);
  });

  it('is lifted by whoever set it only, and the other one stays', () => {
    bobBlocks.when(act('UnblockUser', alice)).thenRejected('not-blocked');
    const both = bobBlocks.given([blocked(alice)]);
    both
      .when(act('UnblockUser', bob))
      .then([unblocked(bob)])
      .when(request(bob))
      .thenRejected('blocked');
  });
});

describe('writing to each other', () => {
  const code = (history: { readonly state: typeof strangers.state }, from: UserId) =>
    canConverse(history.state, from)?.code;

  it('is for friends', () => {
    expect(code(strangers, alice)).toBe('not-friends');
    expect(code(asked, alice)).toBe('not-friends');
    expect(code(friends, alice)).toBeUndefined();
    expect(code(friends, bob)).toBeUndefined();
    expect(code(friends.given([removed(bob)]), alice)).toBe('not-friends');
  });

  it('is stopped by a block, in both directions, until it is lifted', () => {
    const covered = friends.given([blocked(bob)]);
    expect(code(covered, alice)).toBe('blocked');
    expect(code(covered, bob)).toBe('blocked');
    expect(code(covered.given([unblocked(bob)]), alice)).toBeUndefined();
  });
});
