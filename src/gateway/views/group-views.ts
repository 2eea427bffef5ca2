import type { GroupMemberRow, GroupRow } from '../../projections/groups-projection.ts';
import type { GroupMembership, GroupMemberView, GroupView } from '../../protocol/views/group-views.ts';
import type { OpenSealed } from './open-sealed.ts';
import type { UserDirectory } from './user-directory.ts';

export async function groupView(row: GroupRow, open: OpenSealed): Promise<GroupView> {
  const [name, announcement] = await Promise.all([open(row.name), open(row.announcement)]);
  const { groupId, conversationId, ownerId, joinPolicy, memberCount, createdAtMs, dissolvedAtMs } = row;
  return {
    groupId,
    conversationId,
    name,
    announcement,
    ownerId,
    joinPolicy,
    memberCount,
    createdAtMs,
    dissolvedAtMs,
  };
}

export function groupMembership(row: GroupMemberRow): GroupMembership {
  const { userId, role, joinedAtMs, mutedUntilMs } = row;
  return { userId, role, joinedAtMs, mutedUntilMs };
}

export async function groupMemberViews(
  rows: readonly GroupMemberRow[],
  directory: UserDirectory,
): Promise<GroupMemberView[]> {
  const users = await directory.views(rows.map((row) => row.userId));
  return rows.map(({ userId, role, joinedAtMs, mutedUntilMs }) => ({
    user: users.get(userId) ?? { userId, username: null, nickname: null },
    role,
    joinedAtMs,
    mutedUntilMs,
  }));
}
