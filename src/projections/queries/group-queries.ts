import type pg from 'pg';
import type { GroupId, UserId } from '../../domain/ids.ts';
import type { GroupMemberRow, GroupRow } from '../groups-projection.ts';
import { groupFields, groupMemberFields } from '../groups-projection.ts';
import { sqlOn } from '../sql.ts';
import type { Page } from './page.ts';
import { firstId, pageOf, pageSize } from './page.ts';

/** The groups that a user is in, dissolved ones included, by id. */
export async function groupsOfUserPage(
  pool: pg.Pool,
  user: UserId,
  options: { readonly after?: GroupId; readonly limit?: number } = {},
): Promise<Page<GroupRow, GroupId>> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<GroupRow>(
    `select ${groupFields('g')}
     from (
       select group_id from read.user_group
       where user_id = $1 and group_id > $2 order by group_id limit $3
     ) own join read.chat_group g using (group_id)
     order by g.group_id`,
    [user, options.after ?? firstId, size + 1],
  );
  return pageOf(rows, size, (last) => last.groupId);
}

/** Those of these groups that a user is in, in any order. */
export function groupsForMember(
  pool: pg.Pool,
  asker: UserId,
  groupIds: readonly GroupId[],
): Promise<GroupRow[]> {
  return sqlOn(pool).query<GroupRow>(
    `select ${groupFields('g')} from read.user_group own join read.chat_group g using (group_id)
     where own.user_id = $1 and own.group_id = any($2::uuid[])`,
    [asker, groupIds],
  );
}

/** A group, for one of its members; `undefined` for anyone else. */
export async function groupForMember(
  pool: pg.Pool,
  asker: UserId,
  groupId: GroupId,
): Promise<GroupRow | undefined> {
  const [row] = await sqlOn(pool).query<GroupRow>(
    `select ${groupFields('g')} from read.chat_group g
     where g.group_id = $1
       and exists (select from read.group_member m where m.group_id = $1 and m.user_id = $2)`,
    [groupId, asker],
  );
  return row;
}

/** A group's members by id, for one of them; `undefined` for anyone else. */
export async function groupMembersPage(
  pool: pg.Pool,
  asker: UserId,
  groupId: GroupId,
  options: { readonly after?: UserId; readonly limit?: number } = {},
): Promise<Page<GroupMemberRow, UserId> | undefined> {
  const size = pageSize(options.limit);
  const rows = await sqlOn(pool).query<GroupMemberRow & { readonly allowed: boolean }>(
    `select allowed, ${groupMemberFields('m')}
     from (
       select exists (
         select from read.group_member where group_id = $1 and user_id = $2
       ) as allowed
     ) asker
     left join lateral (
       select * from read.group_member
       where allowed and group_id = $1 and user_id > $3 order by user_id limit $4
     ) m on true
     order by m.user_id`,
    [groupId, asker, options.after ?? firstId, size + 1],
  );
  if (rows[0]?.allowed !== true) return undefined;
  const members = rows.flatMap(({ allowed: _, ...member }) => (member.userId === null ? [] : [member]));
  return pageOf(members, size, (last) => last.userId);
}
