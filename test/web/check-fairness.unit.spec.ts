import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import type { ConversationId, PacketId } from '../../src/domain/ids.ts';
import { commitmentOf } from '../../src/domain/packet/fairness.ts';
import { allShares } from '../../src/domain/packet/split.ts';
import type { PacketProofView, PacketView } from '../../src/protocol/views/money-views.ts';
import { checkFairness } from '../../web/src/packet/check-fairness.ts';
import { friend } from './messages.ts';

const packetId = '01890a5d-ac96-774b-bcce-00000000000a' as PacketId;
const terms = { totalFen: 1_000, count: 3, kind: 'lucky' as const };
const seedOf = (first: number) => Uint8Array.from({ length: 32 }, (_, index) => first + index);

/** A packet that was split from `seed`, as it was shown before the seed was revealed, and its proof. */
function ended(seed: Uint8Array): { packet: PacketView; proof: PacketProofView } {
  const shares = allShares(seed, terms).map((amountFen, shareIndex) => ({
    userId: friend,
    shareIndex,
    amountFen,
    timeMs: 1,
  }));
  const commitment = commitmentOf(seed, packetId, terms.totalFen, terms.count, 1);
  const common = { packetId, ...terms, commitment };
  return {
    packet: {
      ...common,
      conversationId: 'group:01890a5d-ac96-774b-bcce-000000000009' as ConversationId,
      senderId: friend,
      taken: 3,
      state: 'exhausted',
      sentAtMs: 0,
      expiresAtSecond: 1,
      greeting: null,
      cover: 'classic',
      needsPhrase: false,
      receivers: [],
      mine: null,
      grabs: shares.map((share) => ({ ...share, thanks: null })),
      luckiest: friend,
      refundedFen: 0,
      endedAtMs: 1,
      takenInMs: 1,
    },
    proof: {
      ...common,
      algorithmVersion: 1,
      masterKeyVersion: 1,
      nonce: '00'.repeat(16),
      seed: bytesToHex(seed),
      shares,
      checks: [],
    },
  };
}

describe('verifying a packet in the page', () => {
  it('finds everything right for a packet that was split as promised', () => {
    const { packet, proof } = ended(seedOf(0));
    expect(checkFairness(packet, proof).filter((check) => !check.ok)).toEqual([]);
  });

  it('is not fooled by a proof that agrees with itself but not with the packet', () => {
    const { packet } = ended(seedOf(0));
    const { proof } = ended(seedOf(1));
    const failed = checkFairness(packet, proof).filter((check) => !check.ok);
    expect(failed.map((check) => check.check)).toContain('commitment');
  });

  it('finds a share that is one fen off', () => {
    const { packet, proof } = ended(seedOf(0));
    const grabs = packet.grabs!.map((grab, index) =>
      index === 1 ? { ...grab, amountFen: grab.amountFen + 1 } : grab,
    );
    const failed = checkFairness({ ...packet, grabs }, proof).filter((check) => !check.ok);
    expect(failed).toMatchObject([{ check: 'share-amount', shareIndex: 1 }, { check: 'sum' }]);
  });
});
