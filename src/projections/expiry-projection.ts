import { limits } from '../config/limits.ts';
import type { PacketId } from '../domain/ids.ts';
import { bulkRows } from './bulk-rows.ts';
import { hash32 } from './partitions.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';
import { defineProjection } from './projection.ts';

/** A packet that is to be refunded when its second comes. */
export interface ExpiryRow {
  readonly shard: number;
  readonly expiresAtSecond: number;
  readonly packetId: PacketId;
}

interface ExpiryRows {
  readonly due: readonly ExpiryRow[];
  /** Packets of before the batch that ended in it. */
  readonly ended: readonly { readonly packetId: PacketId; readonly shard: number }[];
  /**
   * How many more are pending, for every shard that the batch speaks of: a shard whose packets came and went in
   * one batch has its row too, so that the tables do not depend on how the log was cut into batches.
   */
  readonly counts: readonly { readonly shard: number; readonly pending: number }[];
}

const expiryRows = bulkRows<ExpiryRow>([
  { name: 'shard', type: 'smallint', value: (row) => row.shard },
  { name: 'expires_at_second', type: 'bigint', value: (row) => row.expiresAtSecond },
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
]);
const endedRows = bulkRows<ExpiryRows['ended'][number]>([
  { name: 'shard', type: 'smallint', value: (row) => row.shard },
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
]);
const countRows = bulkRows<ExpiryRows['counts'][number]>([
  { name: 'shard', type: 'smallint', value: (row) => row.shard },
  { name: 'pending', type: 'bigint', value: (row) => row.pending },
]);

/** The scheduler's shard of a packet: by hash, so that packets of one second spread over pages and schedulers. */
export function expiryShardOf(packetId: PacketId): number {
  return hash32(packetId) % limits.scheduler.shards;
}

/**
 * Open packets by the second in which they expire. Only the scheduler reads it; it tells the gateways nothing. The counts
 * are of all partitions: they are added to, and taken in one order, last, so that partitions wait for each other briefly
 * and never in a circle.
 */
export const expiryProjection = defineProjection<ExpiryRows, void>({
  name: 'expiry',
  version: 1,
  streamPrefixes: ['packet-'],
  tables: ['expiry', 'expiry_count'],
  ddl: `
    create table expiry (
      packet_id uuid primary key,
      shard smallint not null,
      expires_at_second bigint not null
    );
    -- How many are pending per shard: counting them each time would cost what is pending.
    create table expiry_count (
      shard smallint primary key,
      pending bigint not null
    ) with (fillfactor = 50);`,
  indexes: 'create index expiry_due on expiry (shard, expires_at_second, packet_id);',
  fold: foldExpiry,
  async write(tx, schema, { due, ended, counts }) {
    await expiryRows.insertInto(tx, `${schema}.expiry`, due);
    if (ended.length > 0) {
      await tx.execute(
        `delete from ${schema}.expiry t using ${endedRows.source} where t.packet_id = v.packet_id`,
        endedRows.values(ended),
      );
    }
    if (counts.length > 0) {
      await tx.execute(
        `insert into ${schema}.expiry_count as t (${countRows.names})
         select ${countRows.names} from ${countRows.source} order by shard
         on conflict (shard) do update set pending = t.pending + excluded.pending`,
        countRows.values(counts),
      );
    }
  },
  changes: () => [],
});

function foldExpiry(events: readonly ProjectedEvent[]): ExpiryRows {
  const due = new Map<PacketId, ExpiryRow>();
  const ended: { packetId: PacketId; shard: number }[] = [];
  const pending = new Map<number, number>();
  for (const event of events) {
    const packetId = streamKey(event.stream) as PacketId;
    const shard = expiryShardOf(packetId);
    switch (event.type) {
      case 'PacketSent':
        due.set(packetId, { shard, expiresAtSecond: event.data.expiresAtSecond, packetId });
        pending.set(shard, (pending.get(shard) ?? 0) + 1);
        break;
      case 'PacketExhausted':
      case 'PacketRefunded':
      case 'PacketCancelled':
        if (!due.delete(packetId)) ended.push({ packetId, shard });
        pending.set(shard, (pending.get(shard) ?? 0) - 1);
        break;
      default:
        break;
    }
  }
  const counts = [...pending].map(([shard, count]) => ({ shard, pending: count }));
  return { due: [...due.values()], ended, counts };
}
