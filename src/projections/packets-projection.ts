import type { ConversationId, PacketId, UserId } from '../domain/ids.ts';
import type { CancelReason } from '../domain/packet/packet-events.ts';
import type { FairnessCommitment, PacketCover, PacketKind } from '../domain/packet/packet-terms.ts';
import type { Sealed } from '../domain/sealed.ts';
import { bulkRows } from './bulk-rows.ts';
import type { Change } from './changes.ts';
import { audienceOf } from './changes.ts';
import type { GrabThanks, PacketDelta, PacketGrabRow } from './packets-fold.ts';
import { foldPackets } from './packets-fold.ts';
import { defineProjection } from './projection.ts';
import type { Sql } from './sql.ts';

export type PacketState = 'open' | 'exhausted' | 'refunded' | 'cancelled';

/** A packet as its conversation sees it. */
export interface PacketRow {
  readonly packetId: PacketId;
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  readonly kind: PacketKind;
  readonly totalFen: number;
  readonly count: number;
  readonly remainingFen: number;
  /** Shares that nobody has had, also after the end. */
  readonly remainingShares: number;
  readonly expiresAtSecond: number;
  readonly receivers: readonly UserId[];
  readonly greeting: Sealed;
  readonly cover: PacketCover;
  /** A grab must bring a phrase. The phrase itself, and what it is checked by, is in no row. */
  readonly needsPhrase: boolean;
  readonly fairness: FairnessCommitment;
  readonly sentAtMs: number;
  readonly state: PacketState;
  readonly endedAtMs: number | null;
  readonly luckiest: UserId | null;
  /** What went back to the sender. */
  readonly refundedFen: number;
  readonly cancelReason: CancelReason | null;
  /** Hex; `null` until the packet has ended. */
  readonly seed: string | null;
}

/** The select list that makes a `PacketRow` of the table `alias`. */
export const packetFields = (alias: string): string =>
  `${alias}.packet_id as "packetId", ${alias}.conversation_id as "conversationId",
   ${alias}.sender_id as "senderId", ${alias}.kind, ${alias}.total_fen as "totalFen", ${alias}.count,
   ${alias}.remaining_fen as "remainingFen", ${alias}.remaining_shares as "remainingShares",
   ${alias}.expires_at_second as "expiresAtSecond", ${alias}.receivers, ${alias}.greeting, ${alias}.cover,
   ${alias}.needs_phrase as "needsPhrase", ${alias}.fairness,
   ${alias}.sent_at_ms as "sentAtMs", ${alias}.state, ${alias}.ended_at_ms as "endedAtMs",
   ${alias}.luckiest, ${alias}.refunded_fen as "refundedFen", ${alias}.cancel_reason as "cancelReason",
   ${alias}.seed`;

/** The select list that makes a `PacketGrabRow` of the table `alias`. */
export const packetGrabFields = (alias: string): string =>
  `${alias}.packet_id as "packetId", ${alias}.share_index as "shareIndex", ${alias}.user_id as "userId",
   ${alias}.amount_fen as "amountFen", ${alias}.time_ms as "timeMs", ${alias}.thanks`;

const newPacketRows = bulkRows<PacketRow>([
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
  { name: 'conversation_id', type: 'text', value: (row) => row.conversationId },
  { name: 'sender_id', type: 'uuid', value: (row) => row.senderId },
  { name: 'kind', type: 'text', value: (row) => row.kind },
  { name: 'total_fen', type: 'bigint', value: (row) => row.totalFen },
  { name: 'count', type: 'bigint', value: (row) => row.count },
  { name: 'remaining_fen', type: 'bigint', value: (row) => row.remainingFen },
  { name: 'remaining_shares', type: 'bigint', value: (row) => row.remainingShares },
  { name: 'expires_at_second', type: 'bigint', value: (row) => row.expiresAtSecond },
  { name: 'receivers', type: 'jsonb', value: (row) => row.receivers },
  { name: 'greeting', type: 'jsonb', value: (row) => row.greeting },
  { name: 'cover', type: 'text', value: (row) => row.cover },
  { name: 'needs_phrase', type: 'boolean', value: (row) => row.needsPhrase },
  { name: 'fairness', type: 'jsonb', value: (row) => row.fairness },
  { name: 'sent_at_ms', type: 'bigint', value: (row) => row.sentAtMs },
  { name: 'state', type: 'text', value: (row) => row.state },
  { name: 'ended_at_ms', type: 'bigint', value: (row) => row.endedAtMs },
  { name: 'luckiest', type: 'uuid', value: (row) => row.luckiest },
  { name: 'refunded_fen', type: 'bigint', value: (row) => row.refundedFen },
  { name: 'cancel_reason', type: 'text', value: (row) => row.cancelReason },
  { name: 'seed', type: 'text', value: (row) => row.seed },
]);
const changedPacketRows = bulkRows<PacketDelta>([
  { name: 'packet_id', type: 'uuid', value: (delta) => delta.packetId },
  { name: 'granted_fen', type: 'bigint', value: (delta) => grantedFen(delta) },
  { name: 'granted_shares', type: 'bigint', value: (delta) => delta.grabs.length },
  { name: 'state', type: 'text', value: (delta) => delta.end?.state ?? null },
  { name: 'ended_at_ms', type: 'bigint', value: (delta) => delta.end?.endedAtMs ?? null },
  { name: 'luckiest', type: 'uuid', value: (delta) => delta.end?.luckiest ?? null },
  { name: 'refunded_fen', type: 'bigint', value: (delta) => delta.end?.refundedFen ?? 0 },
  { name: 'cancel_reason', type: 'text', value: (delta) => delta.end?.cancelReason ?? null },
  { name: 'seed', type: 'text', value: (delta) => delta.end?.seed ?? null },
]);
const grabRows = bulkRows<PacketGrabRow>([
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
  { name: 'share_index', type: 'bigint', value: (row) => row.shareIndex },
  { name: 'user_id', type: 'uuid', value: (row) => row.userId },
  { name: 'amount_fen', type: 'bigint', value: (row) => row.amountFen },
  { name: 'time_ms', type: 'bigint', value: (row) => row.timeMs },
  { name: 'thanks', type: 'jsonb', value: (row) => row.thanks },
]);
const thanksRows = bulkRows<GrabThanks>([
  { name: 'packet_id', type: 'uuid', value: (row) => row.packetId },
  { name: 'share_index', type: 'bigint', value: (row) => row.shareIndex },
  { name: 'thanks', type: 'jsonb', value: (row) => row.thanks },
]);

interface PacketsWritten {
  readonly packets: readonly PacketRow[];
  /** Shares of earlier batches, with the thanks that have come now. */
  readonly thanked: readonly PacketGrabRow[];
}

/** Packets and who grabbed what. */
export const packetsProjection = defineProjection<readonly PacketDelta[], PacketsWritten>({
  name: 'packets',
  version: 2,
  streamPrefixes: ['packet-'],
  tables: ['packet', 'packet_grab'],
  ddl: `
    create table packet (
      packet_id uuid primary key,
      conversation_id text not null,
      sender_id uuid not null,
      kind text not null,
      total_fen bigint not null,
      count bigint not null,
      remaining_fen bigint not null,
      remaining_shares bigint not null,
      expires_at_second bigint not null,
      receivers jsonb not null,
      greeting jsonb not null,
      cover text not null,
      needs_phrase boolean not null,
      fairness jsonb not null,
      sent_at_ms bigint not null,
      state text not null,
      ended_at_ms bigint,
      luckiest uuid,
      refunded_fen bigint not null,
      cancel_reason text,
      seed text
    ) with (fillfactor = 70);
    create table packet_grab (
      packet_id uuid not null,
      share_index bigint not null,
      user_id uuid not null,
      amount_fen bigint not null,
      time_ms bigint not null,
      thanks jsonb,
      primary key (packet_id, share_index)
    );`,
  indexes: `
    create index packet_by_sender on packet (sender_id, sent_at_ms, packet_id);
    create index packet_grab_by_user on packet_grab (user_id, time_ms, packet_id);`,
  fold: foldPackets,
  write: writePackets,
  changes: packetChanges,
});

async function writePackets(
  tx: Sql,
  schema: string,
  deltas: readonly PacketDelta[],
): Promise<PacketsWritten> {
  const added = deltas.flatMap(asNewRow);
  const changed = deltas.filter((delta) => delta.sent === null);
  const grabs = deltas.flatMap((delta) => delta.grabs);
  await newPacketRows.insertInto(tx, `${schema}.packet`, added);
  await grabRows.insertInto(tx, `${schema}.packet_grab`, grabs);
  const thanked = await writeThanks(
    tx,
    schema,
    deltas.flatMap((delta) => delta.thanks),
  );
  if (changed.length === 0) return { packets: added, thanked };
  const updated = await tx.query<PacketRow>(
    `update ${schema}.packet t set
       remaining_fen = t.remaining_fen - v.granted_fen - v.refunded_fen,
       remaining_shares = t.remaining_shares - v.granted_shares,
       state = coalesce(v.state, t.state),
       ended_at_ms = coalesce(v.ended_at_ms, t.ended_at_ms),
       luckiest = coalesce(v.luckiest, t.luckiest),
       refunded_fen = t.refunded_fen + v.refunded_fen,
       cancel_reason = coalesce(v.cancel_reason, t.cancel_reason),
       seed = coalesce(v.seed, t.seed)
     from ${changedPacketRows.source} where t.packet_id = v.packet_id
     returning ${packetFields('t')}`,
    changedPacketRows.values(changed),
  );
  return { packets: [...added, ...updated], thanked };
}

async function writeThanks(
  tx: Sql,
  schema: string,
  thanks: readonly GrabThanks[],
): Promise<readonly PacketGrabRow[]> {
  if (thanks.length === 0) return [];
  return tx.query<PacketGrabRow>(
    `update ${schema}.packet_grab g set thanks = v.thanks
     from ${thanksRows.source} where g.packet_id = v.packet_id and g.share_index = v.share_index
     returning ${packetGrabFields('g')}`,
    thanksRows.values(thanks),
  );
}

function asNewRow(delta: PacketDelta): PacketRow[] {
  if (delta.sent === null) return [];
  const { terms, atMs } = delta.sent;
  const refundedFen = delta.end?.refundedFen ?? 0;
  return [
    {
      packetId: delta.packetId,
      conversationId: terms.conversationId,
      senderId: terms.senderId,
      kind: terms.kind,
      totalFen: terms.totalFen,
      count: terms.count,
      remainingFen: terms.totalFen - grantedFen(delta) - refundedFen,
      remainingShares: terms.count - delta.grabs.length,
      expiresAtSecond: terms.expiresAtSecond,
      receivers: terms.receivers,
      greeting: terms.greeting,
      cover: terms.cover,
      needsPhrase: terms.phrase !== null,
      fairness: terms.fairness,
      sentAtMs: atMs,
      state: delta.end?.state ?? 'open',
      endedAtMs: delta.end?.endedAtMs ?? null,
      luckiest: delta.end?.luckiest ?? null,
      refundedFen,
      cancelReason: delta.end?.cancelReason ?? null,
      seed: delta.end?.seed ?? null,
    },
  ];
}

function grantedFen(delta: PacketDelta): number {
  return delta.grabs.reduce((sum, grab) => sum + grab.amountFen, 0);
}

function packetChanges(
  deltas: readonly PacketDelta[],
  { packets, thanked }: PacketsWritten,
): readonly Change[] {
  const grabsOf = new Map(
    deltas.map(({ packetId, grabs }) => [
      packetId,
      [...thanked.filter((grab) => grab.packetId === packetId), ...grabs],
    ]),
  );
  return packets.map((packet) => ({
    kind: 'packet',
    audience: audienceOf(packet.conversationId),
    packet,
    grabs: (grabsOf.get(packet.packetId) ?? []).map(({ packetId: _, ...grab }) => grab),
  }));
}
