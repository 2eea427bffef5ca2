import { directConversationId, type UserId } from '../../domain/ids.ts';
import type { FriendBlockRow, FriendRequestRow, FriendRow } from '../../projections/friends-projection.ts';
import type { BlockView, FriendRequestView, FriendView } from '../../protocol/views/user-views.ts';
import type { OpenSealed } from './open-sealed.ts';
import type { UserDirectory } from './user-directory.ts';

export async function friendView(
  row: FriendRow,
  directory: UserDirectory,
  open: OpenSealed,
): Promise<FriendView> {
  const [user, remark] = await Promise.all([directory.view(row.friendId), open(row.remark)]);
  const conversationId = directConversationId(row.ownerId, row.friendId);
  return { user, remark, conversationId, sinceMs: row.sinceMs };
}

/** A request as `reader`, one of its two, sees it. */
export async function friendRequestView(
  row: FriendRequestRow,
  reader: UserId,
  directory: UserDirectory,
  open: OpenSealed,
): Promise<FriendRequestView> {
  const incoming = row.toId === reader;
  const [user, note] = await Promise.all([directory.view(incoming ? row.fromId : row.toId), open(row.note)]);
  return { user, direction: incoming ? 'incoming' : 'outgoing', note, requestedAtMs: row.requestedAtMs };
}

export async function blockView(row: FriendBlockRow, directory: UserDirectory): Promise<BlockView> {
  return { user: await directory.view(row.blockedId), sinceMs: row.sinceMs };
}
