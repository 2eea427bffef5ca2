import type { Decider, Decision, Rejection } from '../decider.ts';
import { accept, refuse, reject, rejection } from '../decider.ts';
import type { UserId } from '../ids.ts';
import type { FriendshipCommand } from './friendship-commands.ts';
import type { FriendshipEvent } from './friendship-events.ts';
import type { FriendshipState } from './friendship-state.ts';
import { evolveFriendship, initialFriendship } from './friendship-state.ts';

/**
 * Why `from` may not write to, or send a packet to, the other of the pair now; `undefined` when they may.
 * A block counts in both directions, and is named first: it lasts whether they are friends or not.
 */
export function canConverse(state: FriendshipState, from: UserId): Rejection | undefined {
  if (state.blockedBy.length > 0) {
    const message = state.blockedBy.includes(from)
      ? 'You have blocked this user.'
      : 'This user does not take messages from you.';
    return rejection('blocked', message);
  }
  return state.friends ? undefined : rejection('not-friends', 'The two are not friends.');
}

/**
 * The friendship of a pair. Two requests that cross make the two friends: the second one counts as the answer.
 * Removing ends it for both. A declined request may be sent again. Blocking and unblocking ask nobody.
 */
export const friendshipDecider: Decider<FriendshipState, FriendshipCommand, FriendshipEvent> = {
  foldVersion: 1,
  initialState: initialFriendship,
  decide,
  evolve: evolveFriendship,
  isTerminal: () => false,
  stateBytes: () => 0,
  toSnapshot: (state) => state,
  fromSnapshot: (json) => json as FriendshipState,
};

function decide(command: FriendshipCommand, state: FriendshipState): Decision<FriendshipEvent> {
  const { by, other } = command;
  if (by === other) return reject('self-not-allowed', 'This cannot be done with oneself.');
  switch (command.type) {
    case 'RequestFriend':
      return requestFriend(command, state);
    case 'AcceptFriend': {
      const refusal = answerRefusal(state, other) ?? blockRefusal(state);
      if (refusal !== undefined) return refuse(refusal);
      return accept({ type: 'FriendAccepted', data: { by, requestedBy: other } });
    }
    case 'DeclineFriend': {
      const refusal = answerRefusal(state, other);
      if (refusal !== undefined) return refuse(refusal);
      return accept({ type: 'FriendDeclined', data: { by, requestedBy: other } });
    }
    case 'RemoveFriend':
      if (!state.friends) return reject('not-friends', 'The two are not friends.');
      return accept({ type: 'FriendRemoved', data: { by, removed: other } });
    case 'BlockUser':
      if (state.blockedBy.includes(by)) return accept();
      return accept({ type: 'UserBlocked', data: { by, blocked: other } });
    case 'UnblockUser':
      if (!state.blockedBy.includes(by)) return reject('not-blocked', 'The user is not blocked.');
      return accept({ type: 'UserUnblocked', data: { by, unblocked: other } });
    case 'SetRemark':
      if (!state.friends) return reject('not-friends', 'The two are not friends.');
      if (command.remark === null && !state.remarkBy.includes(by)) return accept();
      return accept({ type: 'RemarkSet', data: { by, about: other, remark: command.remark } });
  }
}

function requestFriend(
  command: Extract<FriendshipCommand, { type: 'RequestFriend' }>,
  state: FriendshipState,
): Decision<FriendshipEvent> {
  const { by, other, note } = command;
  const refusal = blockRefusal(state);
  if (refusal !== undefined) return refuse(refusal);
  if (state.friends) return reject('already-friends', 'The two are friends already.');
  if (state.requestedBy === by) return reject('request-pending', 'Your friend request is waiting already.');
  if (state.requestedBy === other) {
    return accept({ type: 'FriendAccepted', data: { by, requestedBy: other } });
  }
  return accept({ type: 'FriendRequested', data: { from: by, to: other, note } });
}

/** Why there is nothing of `requester` to answer. */
function answerRefusal(state: FriendshipState, requester: UserId): Rejection | undefined {
  if (state.friends) return rejection('already-friends', 'The two are friends already.');
  if (state.requestedBy !== requester) {
    return rejection('no-request', 'There is no friend request to answer.');
  }
  return undefined;
}

function blockRefusal(state: FriendshipState): Rejection | undefined {
  return state.blockedBy.length > 0
    ? rejection('blocked', 'One of the two has blocked the other.')
    : undefined;
}
