import type { ConversationId, GroupId, UserId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import type { UserView } from '../../../src/protocol/views/user-views.ts';
import type { Loaders } from './loaders.ts';
import { withPeople } from './people.ts';
import type { SessionContext } from './session-context.ts';

export interface FriendActions {
  /** Asks the user with exactly this name; `null` when there is none. Rejects with `ClientError`. */
  requestFriend(username: string, note: string): Promise<UserView | null>;
  acceptFriend(userId: UserId): Promise<ConversationId>;
  declineFriend(userId: UserId): Promise<void>;
  createGroup(name: string, memberIds: readonly UserId[]): Promise<ConversationId>;
  /** The first page of a group's members. Rejects with `ClientError`. */
  groupMembers(groupId: GroupId): Promise<readonly UserView[]>;
}

export function createFriendActions(context: SessionContext, loaders: Loaders): FriendActions {
  const { client, store, command, afterOwnWrites } = context;

  /** A request that was answered is no news any more. */
  function dropRequestNews(userId: UserId): void {
    store.update((state) =>
      state.news?.kind === 'friend-request' && state.news.userId === userId
        ? { ...state, news: undefined }
        : state,
    );
  }

  return {
    async requestFriend(username, note) {
      const user = await client.userByName(username);
      if (user === null) return null;
      await command('requestFriend', { userId: user.userId, note });
      void loaders.friends();
      return user;
    },
    async acceptFriend(userId) {
      const { conversationId } = await command('acceptFriend', { userId });
      dropRequestNews(userId);
      void loaders.friends();
      void loaders.inbox();
      return conversationId;
    },
    async declineFriend(userId) {
      await command('declineFriend', { userId });
      dropRequestNews(userId);
      void loaders.friends();
    },
    async createGroup(name, memberIds) {
      const { conversationId } = await command('createGroup', { name, memberIds });
      void loaders.groups();
      void loaders.inbox();
      return conversationId;
    },
    async groupMembers(groupId) {
      const page = await client.groupMembers(groupId, { ...afterOwnWrites(), limit: bounds.pageItems });
      const users = page.items.map((member) => member.user);
      store.update((state) => withPeople(state, users));
      return users;
    },
  };
}
