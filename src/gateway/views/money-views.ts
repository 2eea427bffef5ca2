import type { UserId } from '../../domain/ids.ts';
import type { PacketGrabRow } from '../../projections/packets-fold.ts';
import type { PacketRow } from '../../projections/packets-projection.ts';
import type { WalletEntryRow } from '../../projections/wallet-projection.ts';
import type {
  GrabView,
  PacketProofView,
  PacketView,
  WalletEntryView,
} from '../../protocol/views/money-views.ts';
import type { OpenSealed } from './open-sealed.ts';

export function walletEntryView(row: WalletEntryRow): WalletEntryView {
  const { entryNo, kind, amountFen, balanceFen, packetId, timeMs } = row;
  return { entryNo, kind, amountFen, balanceFen, packetId, timeMs };
}

export function grabView(row: Pick<PacketGrabRow, keyof GrabView>): GrabView {
  const { userId, shareIndex, amountFen, timeMs } = row;
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
    receivers: [...packet.receivers],
    commitment: packet.fairness.commitment,
    mine: mine === undefined ? null : grabView(mine),
    grabs: maySeeGrabs ? grabs.map(grabView) : null,
    luckiest: packet.luckiest,
    refundedFen: packet.refundedFen,
    endedAtMs: packet.endedAtMs,
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
    shares: grabs.map(grabView),
  };
}
