import type { UserId } from '../../src/domain/ids.ts';
import { bulkRows } from '../../src/projections/bulk-rows.ts';
import type { ProjectedEvent } from '../../src/projections/projected-event.ts';
import { defineProjection } from '../../src/projections/projection.ts';

/** How many more messages a user sent on a day, by UTC. */
interface MessageDay {
  readonly userId: UserId;
  /** 2026-01-31 */
  readonly day: string;
  readonly messages: number;
}

const dayRows = bulkRows<MessageDay>([
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'day', type: 'text', value: (row) => row.day },
  { name: 'messages', type: 'bigint', value: (row) => row.messages },
]);

/** How much each user writes, by day. */
export const messageDaysProjection = defineProjection<readonly MessageDay[], void>({
  name: 'message_days',
  version: 1,
  streamPrefixes: ['conversation-'],
  tables: ['message_day'],
  ddl: `
    create table message_day (
      user_id uuid not null,
      day text not null,
      messages bigint not null,
      primary key (user_id, day)
    );`,
  indexes: 'create index message_day_by_day on message_day (day);',
  fold: foldMessageDays,
  async write(tx, schema, rows) {
    if (rows.length === 0) return;
    await tx.execute(
      `insert into ${schema}.message_day as t (${dayRows.names})
       select ${dayRows.names} from ${dayRows.source} order by user_id, day
       on conflict (user_id, day) do update set messages = t.messages + excluded.messages`,
      dayRows.values(rows),
    );
  },
  changes: () => [],
});

function foldMessageDays(events: readonly ProjectedEvent[]): readonly MessageDay[] {
  const rows = new Map<string, MessageDay>();
  for (const event of events) {
    if (event.type !== 'MessageSent') continue;
    const userId = event.data.senderId;
    const day = new Date(event.timeMs).toISOString().slice(0, 10);
    const key = `${userId} ${day}`;
    rows.set(key, { userId, day, messages: (rows.get(key)?.messages ?? 0) + 1 });
  }
  return [...rows.values()];
}
