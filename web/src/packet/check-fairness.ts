import { type FairnessCheck, verifyPacket } from '../../../src/domain/packet/fairness.ts';
import type { PacketProofView, PacketView } from '../../../src/protocol/views/money-views.ts';

/**
 * Every check of a packet's split. The commitment and the shares are those that the packet itself shows, not the
 * ones that come with the seed: a proof that agrees only with itself would prove nothing.
 */
export function checkFairness(packet: PacketView, proof: PacketProofView): readonly FairnessCheck[] {
  const { algorithmVersion, masterKeyVersion, nonce, seed } = proof;
  const { packetId, kind, totalFen, count, commitment } = packet;
  return verifyPacket({
    terms: {
      packetId,
      kind,
      totalFen,
      count,
      fairness: { algorithmVersion, masterKeyVersion, nonce, commitment },
    },
    seed,
    grabs: packet.grabs ?? proof.shares,
  });
}
