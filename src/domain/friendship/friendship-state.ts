import type { UserId } from '../ids.ts';
import type { FriendshipEvent } from './friendship-events.ts';

/**
 * What is between two users. Blocking is a thing of its own beside being friends or having asked: it covers
 * both while it lasts and ends neither, so that after unblocking everything is as it was.
 */
export interface FriendshipState {
  readonly friends: boolean;
  /** Whose request waits for an answer. */
  readonly requestedBy: UserId | null;
  /** Who has blocked the other: nobody, one or both. */
  readonly blockedBy: readonly UserId[];
  /** Who has a remark about the other. */
  readonly remarkBy: readonly UserId[];
}

export const initialFriendship: FriendshipState = {
  friends: false,
  requestedBy: null,
  blockedBy: [],
  remarkBy: [],
};

export function evolveFriendship(state: FriendshipState, event: FriendshipEvent): FriendshipState {
  switch (event.type) {
    case 'FriendRequested':
      return { ...state, requestedBy: event.data.from };
    case 'FriendAccepted':
      return { ...state, friends: true, requestedBy: null };
    case 'FriendDeclined':
      return { ...state, requestedBy: null };
    case 'FriendRemoved':
      return { ...state, friends: false, remarkBy: [] };
    case 'UserBlocked':
      return { ...state, blockedBy: including(state.blockedBy, event.data.by) };
    case 'UserUnblocked':
      return { ...state, blockedBy: without(state.blockedBy, event.data.by) };
    case 'RemarkSet': {
      const { by, remark } = event.data;
      const remarkBy = remark === null ? without(state.remarkBy, by) : including(state.remarkBy, by);
      return { ...state, remarkBy };
    }
  }
}

function including(users: readonly UserId[], user: UserId): readonly UserId[] {
  return users.includes(user) ? users : [...users, user];
}

function without(users: readonly UserId[], user: UserId): readonly UserId[] {
  return users.filter((other) => other !== user);
}
