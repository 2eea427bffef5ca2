import type { UserId } from '../domain/ids.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { BulkColumn } from './bulk-rows.ts';
import { bulkRows } from './bulk-rows.ts';
import type { Change } from './changes.ts';
import type { DirectedDelta, DirectedPair, FriendsRows } from './friends-fold.ts';
import { foldFriends } from './friends-fold.ts';
import { hashPartitions } from './partitions.ts';
import { defineProjection } from './projection.ts';
import type { Sql } from './sql.ts';

/** One entry of a user's friend list. */
export interface FriendRow {
  readonly ownerId: UserId;
  readonly friendId: UserId;
  readonly sinceMs: number;
  /** What the owner calls the friend. */
  readonly remark: Sealed | null;
}

/** A request that waits for an answer; it stands in the lists of both. */
export interface FriendRequestRow {
  readonly fromId: UserId;
  readonly toId: UserId;
  readonly note: Sealed | null;
  readonly requestedAtMs: number;
}

export interface FriendBlockRow {
  readonly ownerId: UserId;
  readonly blockedId: UserId;
  readonly sinceMs: number;
}

const friendTable = hashPartitions('friend', 'owner_id');

const pairColumns: readonly BulkColumn<DirectedPair>[] = [
  { name: 'owner_id', type: 'uuid', value: (pair) => pair.ownerId },
  { name: 'other_id', type: 'uuid', value: (pair) => pair.otherId },
];
const pairRows = bulkRows<DirectedPair>(pairColumns);
const friendRows = bulkRows<FriendRow>([
  { name: 'owner_id', type: 'uuid', value: (row) => row.ownerId },
  { name: 'friend_id', type: 'uuid', value: (row) => row.friendId },
  { name: 'since_ms', type: 'bigint', value: (row) => row.sinceMs },
  { name: 'remark', type: 'jsonb', value: (row) => row.remark },
]);
const remarkRows = bulkRows<DirectedPair & { readonly remark: Sealed | null }>([
  ...pairColumns,
  { name: 'remark', type: 'jsonb', value: (row) => row.remark },
]);
const requestRows = bulkRows<FriendRequestRow>([
  { name: 'from_id', type: 'uuid', value: (row) => row.fromId },
  { name: 'to_id', type: 'uuid', value: (row) => row.toId },
  { name: 'note', type: 'jsonb', value: (row) => row.note },
  { name: 'requested_at_ms', type: 'bigint', value: (row) => row.requestedAtMs },
]);
const blockRows = bulkRows<FriendBlockRow>([
  { name: 'owner_id', type: 'uuid', value: (row) => row.ownerId },
  { name: 'blocked_id', type: 'uuid', value: (row) => row.blockedId },
  { name: 'since_ms', type: 'bigint', value: (row) => row.sinceMs },
]);

/**
 * Friend lists, requests and blocks. A friendship is two rows, one in each list, so that a page of a list is
 * one range of the primary key whatever the size of the table.
 */
export const friendsProjection = defineProjection<FriendsRows, readonly FriendRow[]>({
  name: 'friends',
  version: 1,
  streamPrefixes: ['friendship-'],
  tables: ['friend', 'friend_request', 'friend_block'],
  ddl: `
    create table friend (
      owner_id uuid not null,
      friend_id uuid not null,
      since_ms bigint not null,
      remark jsonb,
      primary key (owner_id, friend_id)
    ) ${friendTable.clause};
    ${friendTable.children}
    create table friend_request (
      to_id uuid not null,
      from_id uuid not null,
      note jsonb,
      requested_at_ms bigint not null,
      primary key (to_id, from_id)
    );
    create table friend_block (
      owner_id uuid not null,
      blocked_id uuid not null,
      since_ms bigint not null,
      primary key (owner_id, blocked_id)
    );`,
  indexes: 'create index friend_request_by_sender on friend_request (from_id, to_id);',
  fold: foldFriends,
  async write(tx, schema, rows) {
    const remarked = await writeFriends(tx, schema, rows);
    await writeRequests(tx, schema, rows);
    await writeBlocks(tx, schema, rows);
    return remarked;
  },
  changes: friendChanges,
});

async function writeFriends(tx: Sql, schema: string, rows: FriendsRows): Promise<readonly FriendRow[]> {
  const gone = pairsToDelete(rows.friends);
  if (gone.length > 0) {
    await tx.execute(
      `delete from ${schema}.friend t using ${pairRows.source}
       where t.owner_id = v.owner_id and t.friend_id = v.other_id`,
      pairRows.values(gone),
    );
  }
  const set = rowsToSet(rows.friends);
  if (set.length > 0) {
    await tx.execute(
      `insert into ${schema}.friend (${friendRows.names})
       select ${friendRows.names} from ${friendRows.source}
       on conflict (owner_id, friend_id) do update set since_ms = excluded.since_ms, remark = excluded.remark`,
      friendRows.values(set),
    );
  }
  if (rows.remarks.length === 0) return [];
  return tx.query<FriendRow>(
    `update ${schema}.friend t set remark = v.remark from ${remarkRows.source}
     where t.owner_id = v.owner_id and t.friend_id = v.other_id
     returning t.owner_id as "ownerId", t.friend_id as "friendId", t.since_ms as "sinceMs", t.remark`,
    remarkRows.values(rows.remarks),
  );
}

async function writeRequests(tx: Sql, schema: string, rows: FriendsRows): Promise<void> {
  const gone = pairsToDelete(rows.requests);
  if (gone.length > 0) {
    await tx.execute(
      `delete from ${schema}.friend_request t using ${pairRows.source}
       where t.to_id = v.owner_id and t.from_id = v.other_id`,
      pairRows.values(gone),
    );
  }
  const set = rowsToSet(rows.requests);
  if (set.length > 0) {
    await tx.execute(
      `insert into ${schema}.friend_request (${requestRows.names})
       select ${requestRows.names} from ${requestRows.source}
       on conflict (to_id, from_id) do update
         set note = excluded.note, requested_at_ms = excluded.requested_at_ms`,
      requestRows.values(set),
    );
  }
}

async function writeBlocks(tx: Sql, schema: string, rows: FriendsRows): Promise<void> {
  const gone = pairsToDelete(rows.blocks);
  if (gone.length > 0) {
    await tx.execute(
      `delete from ${schema}.friend_block t using ${pairRows.source}
       where t.owner_id = v.owner_id and t.blocked_id = v.other_id`,
      pairRows.values(gone),
    );
  }
  const set = rowsToSet(rows.blocks);
  if (set.length > 0) {
    await tx.execute(
      `insert into ${schema}.friend_block (${blockRows.names})
       select ${blockRows.names} from ${blockRows.source}
       on conflict (owner_id, blocked_id) do update set since_ms = excluded.since_ms`,
      blockRows.values(set),
    );
  }
}

function friendChanges(rows: FriendsRows, remarked: readonly FriendRow[]): readonly Change[] {
  return [
    ...rows.requests.flatMap(({ ownerId, otherId, row }): Change[] => [
      { kind: 'friend', ownerId, otherId, entry: { list: 'incoming', row } },
      { kind: 'friend', ownerId: otherId, otherId: ownerId, entry: { list: 'outgoing', row } },
    ]),
    ...rows.friends.map(
      ({ ownerId, otherId, row }): Change => ({
        kind: 'friend',
        ownerId,
        otherId,
        entry: { list: 'friends', row },
      }),
    ),
    ...remarked.map(
      (row): Change => ({
        kind: 'friend',
        ownerId: row.ownerId,
        otherId: row.friendId,
        entry: { list: 'friends', row },
      }),
    ),
    ...rows.blocks.map(
      ({ ownerId, otherId, row }): Change => ({
        kind: 'friend',
        ownerId,
        otherId,
        entry: { list: 'blocks', row },
      }),
    ),
  ];
}

function rowsToSet<Row>(deltas: readonly DirectedDelta<Row>[]): Row[] {
  return deltas.flatMap((delta) => (delta.row === null ? [] : [delta.row]));
}

function pairsToDelete<Row>(deltas: readonly DirectedDelta<Row>[]): DirectedPair[] {
  return deltas.filter((delta) => delta.row === null);
}
