import type pg from 'pg';
import type { PacketId } from '../../domain/ids.ts';
import { sqlOn } from '../sql.ts';

export interface DuePacket {
  readonly packetId: PacketId;
  readonly expiresAtSecond: number;
}

/**
 * Up to `limit` packets of these shards whose second has come, oldest first, leaving out those in `except`.
 * Everything overdue is among them, however late its row was committed. Costs what is due: per shard one range
 * of the index, that ends after `limit` rows.
 */
export function duePackets(
  pool: pg.Pool,
  shards: readonly number[],
  nowSecond: number,
  except: readonly PacketId[],
  limit: number,
): Promise<DuePacket[]> {
  return sqlOn(pool).query<DuePacket>(
    `select due.packet_id as "packetId", due.expires_at_second as "expiresAtSecond"
     from unnest($1::smallint[]) as own(shard)
     cross join lateral (
       select packet_id, expires_at_second from read.expiry e
       where e.shard = own.shard and e.expires_at_second <= $2 and e.packet_id <> all($3::uuid[])
       order by e.expires_at_second, e.packet_id
       limit $4
     ) due
     order by due.expires_at_second, due.packet_id
     limit $4`,
    [shards, nowSecond, except, limit],
  );
}

/** How many packets wait for their second or their refund, and how many of these are due. All shards. */
export async function countPackets(
  pool: pg.Pool,
  nowSecond: number,
): Promise<{ readonly pending: number; readonly due: number }> {
  const [row] = await sqlOn(pool).query<{ pending: number; due: number }>(
    `select
       (select coalesce(sum(pending), 0)::bigint from read.expiry_count) as pending,
       (select count(*) from read.expiry_count c
        join read.expiry e on e.shard = c.shard and e.expires_at_second <= $1) as due`,
    [nowSecond],
  );
  return row ?? { pending: 0, due: 0 };
}
