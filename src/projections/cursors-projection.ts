import type { ConversationId, DeviceId, UserId } from '../domain/ids.ts';
import { bulkRows } from './bulk-rows.ts';
import type { Change } from './changes.ts';
import { audienceOf } from './changes.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { defineProjection } from './projection.ts';

/** How far a user has read a conversation, and how far any of their devices has received it. */
export interface ReadCursorRow {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly delivered: number;
  readonly read: number;
}

/** How far one device has received a conversation. */
export interface DeviceCursorRow {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly delivered: number;
}

interface CursorsRows {
  readonly users: readonly ReadCursorRow[];
  readonly devices: readonly DeviceCursorRow[];
}

const userRows = bulkRows<ReadCursorRow>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'delivered', type: 'bigint', value: (row) => row.delivered },
  { name: 'read', type: 'bigint', value: (row) => row.read },
]);
const deviceRows = bulkRows<DeviceCursorRow>([
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'device_id', type: 'text', value: (row) => row.deviceId },
  { name: 'delivered', type: 'bigint', value: (row) => row.delivered },
]);

/**
 * Receipts: delivered per device, read per user. Rows only ever advance, so that old and repeated events are harmless,
 * and so are two partitions that write the same row; both take rows in one order, so that neither waits in a circle.
 */
export const cursorsProjection = defineProjection<CursorsRows, readonly ReadCursorRow[]>({
  name: 'cursors',
  version: 1,
  streamPrefixes: ['receipts-'],
  tables: ['user_cursor', 'device_cursor'],
  ddl: `
    create table user_cursor (
      conversation_id text not null,
      user_id uuid not null,
      delivered bigint not null,
      read bigint not null,
      primary key (conversation_id, user_id)
    ) with (fillfactor = 70);
    create table device_cursor (
      conversation_id text not null,
      user_id uuid not null,
      device_id text not null,
      delivered bigint not null,
      primary key (conversation_id, user_id, device_id)
    ) with (fillfactor = 70);`,
  indexes: '',
  fold: foldCursors,
  async write(tx, schema, rows) {
    if (rows.users.length === 0) return [];
    await tx.execute(
      `insert into ${schema}.device_cursor as t (${deviceRows.names})
       select ${deviceRows.names} from ${deviceRows.source} order by conversation_id, user_id, device_id
       on conflict (conversation_id, user_id, device_id) do update set delivered = excluded.delivered
       where excluded.delivered > t.delivered`,
      deviceRows.values(rows.devices),
    );
    return tx.query<ReadCursorRow>(
      `insert into ${schema}.user_cursor as t (${userRows.names})
       select ${userRows.names} from ${userRows.source} order by conversation_id, user_id
       on conflict (conversation_id, user_id) do update set
         delivered = greatest(t.delivered, excluded.delivered), read = greatest(t.read, excluded.read)
       where excluded.delivered > t.delivered or excluded.read > t.read
       returning conversation_id as "conversationId", user_id as "userId", delivered, read`,
      userRows.values(rows.users),
    );
  },
  changes: (_rows, advanced) =>
    advanced.map((row): Change => ({ kind: 'receipt', audience: audienceOf(row.conversationId), ...row })),
});

function foldCursors(events: readonly ProjectedEvent[]): CursorsRows {
  const users = new Map<string, ReadCursorRow>();
  const devices = new Map<string, DeviceCursorRow>();
  for (const event of events) {
    if (event.type !== 'ReceiptsAdvanced') continue;
    for (const { userId, deviceId, conversationId, delivered, read } of event.data.cursors) {
      const userKey = `${conversationId}>${userId}`;
      const user = users.get(userKey);
      users.set(userKey, {
        conversationId,
        userId,
        delivered: Math.max(user?.delivered ?? 0, delivered),
        read: Math.max(user?.read ?? 0, read),
      });
      const deviceKey = `${userKey}>${deviceId}`;
      const furthest = Math.max(devices.get(deviceKey)?.delivered ?? 0, delivered);
      devices.set(deviceKey, { conversationId, userId, deviceId, delivered: furthest });
    }
  }
  return { users: [...users.values()], devices: [...devices.values()] };
}
