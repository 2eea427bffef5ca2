import type { ConversationId } from '../../../src/domain/ids.ts';
import { AddFriend } from './add-friend.tsx';
import { FriendList } from './friend-list.tsx';
import { FriendRequests } from './friend-requests.tsx';
import { GroupList } from './group-list.tsx';
import { NewGroup } from './new-group.tsx';

/** Friends, requests and groups. */
export function FriendsPanel({ onOpen }: { onOpen(id: ConversationId): void }) {
  return (
    <>
      <FriendRequests onOpen={onOpen} />
      <AddFriend />
      <FriendList onOpen={onOpen} />
      <GroupList onOpen={onOpen} />
      <NewGroup onOpen={onOpen} />
    </>
  );
}
