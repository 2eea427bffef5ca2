import type { Decider } from '../decider.ts';
import { accept, reject } from '../decider.ts';
import type { UserId } from '../ids.ts';
import type { UsernameCommand } from './account-commands.ts';
import type { UsernameEvent } from './account-events.ts';

/** Who holds the name; `null` when nobody does (any more). */
export interface UsernameState {
  readonly heldBy: UserId | null;
}

/**
 * One user name, held by at most one account. Both commands may be repeated: claiming what one holds and
 * releasing what nobody holds are accepted without an event.
 */
export const usernameDecider: Decider<UsernameState, UsernameCommand, UsernameEvent> = {
  foldVersion: 1,
  initialState: { heldBy: null },

  decide(command, state) {
    switch (command.type) {
      case 'ClaimUsername': {
        if (state.heldBy === command.userId) return accept();
        if (state.heldBy !== null) return reject('username-taken', 'Another account has this user name.');
        const { userId, username, nickname } = command;
        return accept({ type: 'UsernameClaimed', data: { userId, username, nickname } });
      }
      case 'ReleaseUsername':
        if (state.heldBy === null) return accept();
        if (state.heldBy !== command.userId)
          return reject('forbidden', 'The user name is held by another account.');
        return accept({ type: 'UsernameReleased', data: { userId: command.userId } });
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'UsernameClaimed':
        return { heldBy: event.data.userId };
      case 'UsernameReleased':
        return { heldBy: null };
    }
  },

  isTerminal: () => false,
  stateBytes: () => 0,
  toSnapshot: (state) => state,
  fromSnapshot: (json) => json as UsernameState,
};
