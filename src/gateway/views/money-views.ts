import type { UserId } from '../../domain/ids.ts';
import { verifyPacket } from '../../domain/packet/fairness.ts';
import type { PacketGrabRow } from '../../projections/packets-fold.ts';
import type { PacketRow } from '../../projections/packets-projection.ts';
import type { ReceivedShare } from '../../projections/queries/packet-queries.ts';
import type { RecordRow } from '../../projections/records-projection.ts';
import type { WalletEntryRow } from '../../projections/wallet-projection.ts';
import type {
  GrabView,
  PacketProofView,
  PacketView,
  ReceivedShareView,
  SentPacketView,
  WalletEntryView,
  YearlyRecordView,
} from '../../protocol/views/money-views.ts';
import type { OpenSealed } from './open-sealed.ts';

export function walletEntryView(row: WalletEntryRow): WalletEntryView {
  const { entryNo, kind, amountFen, balanceFen, packetId, timeMs } = row;
  return { entryNo, kind, amountFen, balanceFen, packetId, timeMs };
}

/** A share, with the note of thanks opened. */
export async function grabView(
  row: Pick<PacketGrabRow, keyof GrabView>,
  open: OpenSealed,
): Promise<GrabView> {
  return { ...shareView(row), thanks: row.thanks === null ? null : await open(row.thanks) };
}

function shareView({ userId, shareIndex, amountFen, timeMs }: Omit<PacketGrabRow, 'packetId' | 'thanks'>) {
  return { userId, shareIndex, amountFen, timeMs };
}

/**
 * A packet as `reader` may see it: who got how much is for the sender and for those who have a share, and for
 * everyone in the conversation once the packet has ended.
 */
export async function packetView(
  packet: PacketRow,
  grabs: readonly PacketGrabRow[],
  reader: UserId,
  open: OpenSealed,
): Promise<PacketView> {
  const mine = grabs.find((grab) => grab.userId === reader);
  const maySeeGrabs = packet.state !== 'open' || packet.senderId === reader || mine !== undefined;
  return {
    packetId: packet.packetId,
    conversationId: packet.conversationId,
    senderId: packet.senderId,
    kind: packet.kind,
    totalFen: packet.totalFen,
    count: packet.count,
    taken: packet.count - packet.remainingShares,
    state: packet.state,
    sentAtMs: packet.sentAtMs,
    expiresAtSecond: packet.expiresAtSecond,
    greeting: await open(packet.greeting),
    cover: packet.cover,
    needsPhrase: packet.needsPhrase,
    receivers: [...packet.receivers],
    commitment: packet.fairness.commitment,
    mine: mine === undefined ? null : await grabView(mine, open),
    grabs: maySeeGrabs ? await Promise.all(grabs.map((grab) => grabView(grab, open))) : null,
    luckiest: packet.luckiest,
    refundedFen: packet.refundedFen,
    endedAtMs: packet.endedAtMs,
    takenInMs:
      packet.state === 'exhausted' && packet.endedAtMs !== null ? packet.endedAtMs - packet.sentAtMs : null,
  };
}

export function sentPacketView(packet: PacketRow): SentPacketView {
  const { packetId, conversationId, kind, totalFen, count, state, sentAtMs, refundedFen } = packet;
  const taken = count - packet.remainingShares;
  return { packetId, conversationId, kind, totalFen, count, taken, state, sentAtMs, refundedFen };
}

export function receivedShareView({ grab, packet }: ReceivedShare): ReceivedShareView {
  const { packetId, conversationId, senderId, kind } = packet;
  const { amountFen, timeMs, userId } = grab;
  const luckiest = packet.luckiest === userId;
  return { packetId, conversationId, senderId, kind, amountFen, timeMs, luckiest };
}

export function yearlyRecordView(record: RecordRow): YearlyRecordView {
  const { year, sentCount, sentFen, returnedFen, receivedCount, receivedFen, bestFen, luckiestCount } =
    record;
  return {
    year,
    sent: { count: sentCount, totalFen: sentFen, returnedFen },
    received: { count: receivedCount, totalFen: receivedFen, bestFen, luckiestCount },
  };
}

/** What recomputing the split takes; `undefined` while the seed is still secret. */
export function packetProofView(
  packet: PacketRow,
  grabs: readonly PacketGrabRow[],
): PacketProofView | undefined {
  if (packet.state === 'open' || packet.seed === null) return undefined;
  const { algorithmVersion, masterKeyVersion, nonce, commitment } = packet.fairness;
  return {
    packetId: packet.packetId,
    algorithmVersion,
    masterKeyVersion,
    kind: packet.kind,
    totalFen: packet.totalFen,
    count: packet.count,
    nonce,
    seed: packet.seed,
    commitment,
    shares: grabs.map(shareView),
    checks: verifyPacket({ terms: packet, seed: packet.seed, grabs }).map((check) => ({ ...check })),
  };
}
