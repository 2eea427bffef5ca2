import type { GroupRole, JoinPolicy } from '../domain/group/group-events.ts';
import type { ConversationId, GroupId, UserId } from '../domain/ids.ts';
import { groupConversationId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import { bulkRows } from './bulk-rows.ts';
import type { Change } from './changes.ts';
import type { GroupDelta, GroupsRows, MemberDelta } from './groups-fold.ts';
import { foldGroups } from './groups-fold.ts';
import { hashPartitions } from './partitions.ts';
import { defineProjection } from './projection.ts';
import type { Sql } from './sql.ts';

export interface GroupRow {
  readonly groupId: GroupId;
  readonly conversationId: ConversationId;
  readonly name: Sealed;
  readonly ownerId: UserId;
  readonly announcement: Sealed | null;
  readonly joinPolicy: JoinPolicy;
  readonly memberCount: number;
  readonly createdAtMs: number;
  /** A dissolved group keeps its members, so that they can read its history and its end. */
  readonly dissolvedAtMs: number | null;
}

export interface GroupMemberRow {
  readonly groupId: GroupId;
  readonly userId: UserId;
  readonly role: GroupRole;
  readonly joinedAtMs: number;
  readonly mutedUntilMs: number | null;
}

/** The select list that makes a `GroupRow` of the table `alias`. */
export const groupFields = (alias: string): string =>
  `${alias}.group_id as "groupId", ${alias}.conversation_id as "conversationId", ${alias}.name,
   ${alias}.owner_id as "ownerId", ${alias}.announcement, ${alias}.join_policy as "joinPolicy",
   ${alias}.member_count as "memberCount", ${alias}.created_at_ms as "createdAtMs",
   ${alias}.dissolved_at_ms as "dissolvedAtMs"`;

/** The select list that makes a `GroupMemberRow` of the table `alias`. */
export const groupMemberFields = (alias: string): string =>
  `${alias}.group_id as "groupId", ${alias}.user_id as "userId", ${alias}.role,
   ${alias}.joined_at_ms as "joinedAtMs", ${alias}.muted_until_ms as "mutedUntilMs"`;

const groupMemberTable = hashPartitions('group_member', 'group_id');
const userGroupTable = hashPartitions('user_group', 'user_id');

const newGroupRows = bulkRows<GroupDelta>([
  { name: 'group_id', type: 'uuid', value: (delta) => delta.groupId },
  { name: 'conversation_id', type: 'text', value: (delta) => groupConversationId(delta.groupId) },
  { name: 'name', type: 'jsonb', value: (delta) => delta.name },
  { name: 'owner_id', type: 'uuid', value: (delta) => delta.ownerId },
  { name: 'announcement', type: 'jsonb', value: (delta) => delta.announcement?.text ?? null },
  { name: 'join_policy', type: 'text', value: (delta) => delta.joinPolicy },
  { name: 'member_count', type: 'bigint', value: (delta) => delta.joined },
  { name: 'created_at_ms', type: 'bigint', value: (delta) => delta.createdAtMs },
  { name: 'dissolved_at_ms', type: 'bigint', value: (delta) => delta.dissolvedAtMs },
]);

const changedGroupRows = bulkRows<GroupDelta>([
  { name: 'group_id', type: 'uuid', value: (delta) => delta.groupId },
  { name: 'name', type: 'jsonb', value: (delta) => delta.name },
  { name: 'owner_id', type: 'uuid', value: (delta) => delta.ownerId },
  { name: 'set_announcement', type: 'boolean', value: (delta) => delta.announcement !== null },
  { name: 'announcement', type: 'jsonb', value: (delta) => delta.announcement?.text ?? null },
  { name: 'join_policy', type: 'text', value: (delta) => delta.joinPolicy },
  { name: 'joined', type: 'bigint', value: (delta) => delta.joined },
  { name: 'dissolved_at_ms', type: 'bigint', value: (delta) => delta.dissolvedAtMs },
]);

type MemberIn = Extract<MemberDelta, { kind: 'in' }>;
type MemberOut = Extract<MemberDelta, { kind: 'out' }>;
type MemberChanged = Extract<MemberDelta, { kind: 'changed' }>;

const memberInRows = bulkRows<MemberIn>([
  { name: 'group_id', type: 'uuid', value: (delta) => delta.groupId },
  { name: 'user_id', type: 'uuid', value: (delta) => delta.userId },
  { name: 'role', type: 'text', value: (delta) => delta.role },
  { name: 'joined_at_ms', type: 'bigint', value: (delta) => delta.joinedAtMs },
  { name: 'muted_until_ms', type: 'bigint', value: (delta) => delta.mutedUntilMs },
]);
const memberOutRows = bulkRows<MemberOut>([
  { name: 'group_id', type: 'uuid', value: (delta) => delta.groupId },
  { name: 'user_id', type: 'uuid', value: (delta) => delta.userId },
]);
const memberChangedRows = bulkRows<MemberChanged>([
  { name: 'group_id', type: 'uuid', value: (delta) => delta.groupId },
  { name: 'user_id', type: 'uuid', value: (delta) => delta.userId },
  { name: 'role', type: 'text', value: (delta) => delta.role },
  { name: 'set_mute', type: 'boolean', value: (delta) => delta.mute !== null },
  { name: 'muted_until_ms', type: 'bigint', value: (delta) => delta.mute?.untilMs ?? null },
]);

/** What a write made: the groups as they are now, and the members that changed within. */
interface GroupsWritten {
  readonly groups: readonly GroupRow[];
  readonly changedMembers: readonly GroupMemberRow[];
}

/** Groups and who is in them: by group for member pages, by user for group pages and subscriptions. */
export const groupsProjection = defineProjection<GroupsRows, GroupsWritten>({
  name: 'groups',
  version: 1,
  streamPrefixes: ['group-'],
  tables: ['chat_group', 'group_member', 'user_group'],
  ddl: `
    create table chat_group (
      group_id uuid primary key,
      conversation_id text not null,
      name jsonb not null,
      owner_id uuid not null,
      announcement jsonb,
      join_policy text not null,
      member_count bigint not null,
      created_at_ms bigint not null,
      dissolved_at_ms bigint
    );
    create table group_member (
      group_id uuid not null,
      user_id uuid not null,
      role text not null,
      joined_at_ms bigint not null,
      muted_until_ms bigint,
      primary key (group_id, user_id)
    ) ${groupMemberTable.clause};
    ${groupMemberTable.children}
    create table user_group (
      user_id uuid not null,
      group_id uuid not null,
      primary key (user_id, group_id)
    ) ${userGroupTable.clause};
    ${userGroupTable.children}`,
  indexes: '',
  fold: foldGroups,
  async write(tx, schema, rows) {
    const groups = await writeGroups(tx, schema, rows.groups);
    return { groups, changedMembers: await writeMembers(tx, schema, rows.members) };
  },
  changes: groupChanges,
});

async function writeGroups(tx: Sql, schema: string, deltas: readonly GroupDelta[]): Promise<GroupRow[]> {
  const added = deltas.filter((delta) => delta.createdAtMs !== null);
  const changed = deltas.filter((delta) => delta.createdAtMs === null);
  const rows: GroupRow[] = [];
  if (added.length > 0) {
    rows.push(
      ...(await tx.query<GroupRow>(
        `insert into ${schema}.chat_group as t (${newGroupRows.names})
         select ${newGroupRows.names} from ${newGroupRows.source}
         returning ${groupFields('t')}`,
        newGroupRows.values(added),
      )),
    );
  }
  if (changed.length > 0) {
    rows.push(
      ...(await tx.query<GroupRow>(
        `update ${schema}.chat_group t set
           name = coalesce(v.name, t.name),
           owner_id = coalesce(v.owner_id, t.owner_id),
           announcement = case when v.set_announcement then v.announcement else t.announcement end,
           join_policy = coalesce(v.join_policy, t.join_policy),
           member_count = t.member_count + v.joined,
           dissolved_at_ms = coalesce(v.dissolved_at_ms, t.dissolved_at_ms)
         from ${changedGroupRows.source} where t.group_id = v.group_id
         returning ${groupFields('t')}`,
        changedGroupRows.values(changed),
      )),
    );
  }
  return rows;
}

async function writeMembers(
  tx: Sql,
  schema: string,
  deltas: readonly MemberDelta[],
): Promise<readonly GroupMemberRow[]> {
  const out = deltas.filter((delta) => delta.kind === 'out');
  if (out.length > 0) {
    for (const table of ['group_member', 'user_group']) {
      await tx.execute(
        `delete from ${schema}.${table} t using ${memberOutRows.source}
         where t.group_id = v.group_id and t.user_id = v.user_id`,
        memberOutRows.values(out),
      );
    }
  }
  const joined = deltas.filter((delta) => delta.kind === 'in');
  if (joined.length > 0) {
    await tx.execute(
      `insert into ${schema}.group_member (${memberInRows.names})
       select ${memberInRows.names} from ${memberInRows.source}
       on conflict (group_id, user_id) do update set role = excluded.role,
         joined_at_ms = excluded.joined_at_ms, muted_until_ms = excluded.muted_until_ms`,
      memberInRows.values(joined),
    );
    await tx.execute(
      `insert into ${schema}.user_group (user_id, group_id)
       select v.user_id, v.group_id from ${memberInRows.source}
       on conflict do nothing`,
      memberInRows.values(joined),
    );
  }
  const changed = deltas.filter((delta) => delta.kind === 'changed');
  if (changed.length === 0) return [];
  return tx.query<GroupMemberRow>(
    `update ${schema}.group_member t set
       role = coalesce(v.role, t.role),
       muted_until_ms = case when v.set_mute then v.muted_until_ms else t.muted_until_ms end
     from ${memberChangedRows.source} where t.group_id = v.group_id and t.user_id = v.user_id
     returning ${groupMemberFields('t')}`,
    memberChangedRows.values(changed),
  );
}

function groupChanges(rows: GroupsRows, written: GroupsWritten): readonly Change[] {
  const members = new Map<GroupId, GroupMemberRow[]>();
  const left = new Map<GroupId, UserId[]>();
  const joined = rows.members.flatMap((delta): GroupMemberRow[] => {
    if (delta.kind !== 'in') return [];
    const { kind: _, ...row } = delta;
    return [row];
  });
  for (const row of [...joined, ...written.changedMembers]) listOf(members, row.groupId).push(row);
  for (const delta of rows.members) {
    if (delta.kind === 'out') listOf(left, delta.groupId).push(delta.userId);
  }
  return written.groups.map((group) => ({
    kind: 'group',
    group,
    members: members.get(group.groupId) ?? [],
    leftUserIds: left.get(group.groupId) ?? [],
  }));
}

function listOf<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  const existing = lists.get(key);
  if (existing !== undefined) return existing;
  const fresh: Item[] = [];
  lists.set(key, fresh);
  return fresh;
}
