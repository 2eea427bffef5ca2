import type pg from 'pg';
import type { PacketId, UserId } from '../../domain/ids.ts';
import type { PacketGrabRow } from '../packets-fold.ts';
import type { PacketRow } from '../packets-projection.ts';
import { packetFields, packetGrabFields } from '../packets-projection.ts';
import { sqlOn } from '../sql.ts';
import { isParticipant } from './membership-queries.ts';

export interface PacketDetails {
  readonly packet: PacketRow;
  /** In the order in which they were made. A packet has a bounded number of shares: there are no pages. */
  readonly grabs: readonly PacketGrabRow[];
}

/**
 * A packet and its grabs, for one who may see it: the sender, who had a share of it, and whoever takes part in
 * its conversation. `undefined` for anyone else.
 */
export async function packetForUser(
  pool: pg.Pool,
  asker: UserId,
  packetId: PacketId,
): Promise<PacketDetails | undefined> {
  const details = await packetDetails(pool, packetId);
  if (details === undefined) return undefined;
  const { packet, grabs } = details;
  const isInvolved = packet.senderId === asker || grabs.some((grab) => grab.userId === asker);
  return isInvolved || (await isParticipant(pool, asker, packet.conversationId)) ? details : undefined;
}

/**
 * A packet and its grabs, for operators; `undefined` when there is none. One statement reads both, so that the
 * shares left and the grabs shown are those of one moment.
 */
export async function packetDetails(pool: pg.Pool, packetId: PacketId): Promise<PacketDetails | undefined> {
  const [row] = await sqlOn(pool).query<PacketRow & { readonly grabs: readonly PacketGrabRow[] }>(
    `select ${packetFields('p')}, coalesce((
       select json_agg(g order by g."shareIndex")
       from (select ${packetGrabFields} from read.packet_grab where packet_id = p.packet_id) g
     ), '[]') as grabs
     from read.packet p where p.packet_id = $1`,
    [packetId],
  );
  if (row === undefined) return undefined;
  const { grabs, ...packet } = row;
  return { packet, grabs };
}
