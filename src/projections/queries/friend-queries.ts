import type pg from 'pg';
import type { UserId } from '../../domain/ids.ts';
import type { FriendBlockRow, FriendRequestRow, FriendRow } from '../friends-projection.ts';
import { sqlOn } from '../sql.ts';
import type { Page } from './page.ts';
import { firstId, pageOf, pageSize } from './page.ts';

/** A user's friends by id. Costs the same wherever the page is and however many users there are. */
export async function friendsPage(
  pool: pg.Pool,
  owner: UserId,
  options: { readonly after?: UserId; readonly limit?: number } = {},
): Promise<Page<FriendRow, UserId>> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<FriendRow>(
    `select owner_id as "ownerId", friend_id as "friendId", since_ms as "sinceMs", remark
     from read.friend where owner_id = $1 and friend_id > $2 order by friend_id limit $3`,
    [owner, options.after ?? firstId, size + 1],
  );
  return pageOf(rows, size, (last) => last.friendId);
}

/** Requests that wait for an answer by (`incoming`) or of (`outgoing`) a user, by the other's id. */
export async function friendRequestsPage(
  pool: pg.Pool,
  user: UserId,
  direction: 'incoming' | 'outgoing',
  options: { readonly after?: UserId; readonly limit?: number } = {},
): Promise<Page<FriendRequestRow, UserId>> {
  const size = pageSize(options.limit);
  const [own, other] = direction === 'incoming' ? ['to_id', 'from_id'] : ['from_id', 'to_id'];
  const rows = await sqlOn(pool).query<FriendRequestRow>(
    `select from_id as "fromId", to_id as "toId", note, requested_at_ms as "requestedAtMs"
     from read.friend_request where ${own} = $1 and ${other} > $2 order by ${other} limit $3`,
    [user, options.after ?? firstId, size + 1],
  );
  return pageOf(rows, size, (last) => (direction === 'incoming' ? last.fromId : last.toId));
}

/** Whom a user has blocked, by id. */
export async function blocksPage(
  pool: pg.Pool,
  owner: UserId,
  options: { readonly after?: UserId; readonly limit?: number } = {},
): Promise<Page<FriendBlockRow, UserId>> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<FriendBlockRow>(
    `select owner_id as "ownerId", blocked_id as "blockedId", since_ms as "sinceMs"
     from read.friend_block where owner_id = $1 and blocked_id > $2 order by blocked_id limit $3`,
    [owner, options.after ?? firstId, size + 1],
  );
  return pageOf(rows, size, (last) => last.blockedId);
}
