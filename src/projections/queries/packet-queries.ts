import type pg from 'pg';
import type { PacketId, UserId } from '../../domain/ids.ts';
import type { PacketGrabRow } from '../packets-fold.ts';
import type { PacketRow } from '../packets-projection.ts';
import { packetFields, packetGrabFields } from '../packets-projection.ts';
import type { RecordRow } from '../records-projection.ts';
import { emptyRecord, recordFields } from '../records-projection.ts';
import { sqlOn } from '../sql.ts';
import { isParticipant } from './membership-queries.ts';
import type { Page } from './page.ts';
import { pageOf, pageSize } from './page.ts';

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
       from (select ${packetGrabFields('t')} from read.packet_grab t where t.packet_id = p.packet_id) g
     ), '[]') as grabs
     from read.packet p where p.packet_id = $1`,
    [packetId],
  );
  if (row === undefined) return undefined;
  const { grabs, ...packet } = row;
  return { packet, grabs };
}

/** Where a list of packets, newest first, goes on: before this time, or at it and before this id. */
export interface PacketCursor {
  readonly timeMs: number;
  readonly packetId: PacketId;
}

export interface PacketPage {
  readonly before?: PacketCursor;
  readonly limit?: number;
}

/** The packets that a user has sent, newest first. */
export async function sentPacketsPage(
  pool: pg.Pool,
  sender: UserId,
  options: PacketPage = {},
): Promise<Page<PacketRow, PacketCursor>> {
  const size = pageSize(options.limit);
  const { timeMs, packetId } = options.before ?? newest;
  const rows = await sqlOn(pool).query<PacketRow>(
    `select ${packetFields('p')} from read.packet p
     where p.sender_id = $1 and (p.sent_at_ms, p.packet_id) < ($2::bigint, $3::uuid)
     order by p.sent_at_ms desc, p.packet_id desc limit $4`,
    [sender, timeMs, packetId, size + 1],
  );
  return pageOf(rows, size, (last) => ({ timeMs: last.sentAtMs, packetId: last.packetId }));
}

/** A share, and the packet that it is of. */
export interface ReceivedShare {
  readonly grab: PacketGrabRow;
  readonly packet: PacketRow;
}

/** The shares that a user has received, newest first. */
export async function receivedSharesPage(
  pool: pg.Pool,
  taker: UserId,
  options: PacketPage = {},
): Promise<Page<ReceivedShare, PacketCursor>> {
  const size = pageSize(options.limit);
  const { timeMs, packetId } = options.before ?? newest;
  const rows = await sqlOn(pool).query<ReceivedShare>(
    `select row_to_json(g) as grab, row_to_json(p) as packet
     from (
       select ${packetGrabFields('t')} from read.packet_grab t
       where t.user_id = $1 and (t.time_ms, t.packet_id) < ($2::bigint, $3::uuid)
       order by t.time_ms desc, t.packet_id desc limit $4
     ) g
     cross join lateral (select ${packetFields('t')} from read.packet t where t.packet_id = g."packetId") p
     order by g."timeMs" desc, g."packetId" desc`,
    [taker, timeMs, packetId, size + 1],
  );
  return pageOf(rows, size, ({ grab }) => ({ timeMs: grab.timeMs, packetId: grab.packetId }));
}

/** A user's record of a year, with nothing in it when there is none. */
export async function yearlyRecord(pool: pg.Pool, user: UserId, year: number): Promise<RecordRow> {
  const [row] = await sqlOn(pool).query<RecordRow>(
    `select ${recordFields} from read.packet_record where user_id = $1 and year = $2`,
    [user, year],
  );
  return row ?? emptyRecord(user, year);
}

const newest: PacketCursor = {
  timeMs: Number.MAX_SAFE_INTEGER,
  packetId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' as PacketId,
};
