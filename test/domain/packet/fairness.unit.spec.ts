import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PacketEvidence } from '../../../src/domain/packet/fairness.ts';
import { commitmentOf, verifyPacket } from '../../../src/domain/packet/fairness.ts';
import { allShares } from '../../../src/domain/packet/split.ts';
import { packetId, packetTerms, seed, seedHex } from '../../support/domain-fixtures.ts';

const documentedId = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('the commitment', () => {
  it('is the documented one for the documented example', () => {
    expect(commitmentOf(seed, documentedId, 1000, 3, 1)).toBe(
      '8439edc74a6f63fba8785a87c8a864d1f913fb8d6a6c57515504027733803956',
    );
  });

  it('is SHA-256 over the documented bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.maxSafeNat(),
        fc.nat(),
        (anySeed, total, count) => {
          const numbers = Buffer.alloc(16);
          numbers.writeBigUInt64BE(BigInt(total));
          numbers.writeUInt32BE(count, 8);
          numbers.writeUInt32BE(1, 12);
          const id = Buffer.from(documentedId.replaceAll('-', ''), 'hex');
          const bytes = Buffer.concat([Buffer.from('hongbao.commitment.v1'), anySeed, id, numbers]);
          expect(commitmentOf(anySeed, documentedId, total, count, 1)).toBe(
            createHash('sha256').update(bytes).digest('hex'),
          );
        },
      ),
    );
  });

  it('is another one when anything is another', () => {
    const commitments = [
      commitmentOf(seed, documentedId, 1000, 3, 1),
      commitmentOf(
        seed.map((byte) => byte ^ 1),
        documentedId,
        1000,
        3,
        1,
      ),
      commitmentOf(seed, packetId(1), 1000, 3, 1),
      commitmentOf(seed, documentedId, 1001, 3, 1),
      commitmentOf(seed, documentedId, 1000, 4, 1),
      commitmentOf(seed, documentedId, 1000, 3, 2),
    ];
    expect(new Set(commitments).size).toBe(commitments.length);
  });

  it('refuses what has no bytes', () => {
    expect(() => commitmentOf(seed.slice(1), documentedId, 1000, 3, 1)).toThrow(RangeError);
    expect(() => commitmentOf(seed, 'not a uuid', 1000, 3, 1)).toThrow(RangeError);
    expect(() => commitmentOf(seed, documentedId, 0.5, 3, 1)).toThrow(RangeError);
  });
});

describe('verifying a packet', () => {
  const terms = packetTerms();
  const grabs = allShares(seed, terms).map((amountFen, shareIndex) => ({ shareIndex, amountFen }));
  const honest: PacketEvidence = { terms, seed: seedHex, grabs };
  const failed = (evidence: PacketEvidence) =>
    verifyPacket(evidence)
      .filter((check) => !check.ok)
      .map((check) => (check.shareIndex === undefined ? check.check : `${check.check} ${check.shareIndex}`));

  it('finds an honest one in order, whether or not all was grabbed', () => {
    for (const count of [0, 1, 2, 3]) expect(failed({ ...honest, grabs: grabs.slice(0, count) })).toEqual([]);
    expect(verifyPacket(honest).map((check) => check.check)).toEqual([
      'commitment',
      'shares-in-order',
      'share-amount',
      'share-amount',
      'share-amount',
      'sum',
    ]);
  });

  it('finds an amount that was changed', () => {
    const [first, second, third] = grabs as [(typeof grabs)[0], (typeof grabs)[0], (typeof grabs)[0]];
    const shifted = [
      { ...first, amountFen: first.amountFen + 1 },
      { ...second, amountFen: second.amountFen - 1 },
      third,
    ];
    expect(failed({ ...honest, grabs: shifted })).toEqual(['share-amount 0', 'share-amount 1']);
    expect(
      failed({ ...honest, grabs: [first, second, { ...third, amountFen: third.amountFen + 1 }] }),
    ).toEqual(['share-amount 2', 'sum']);
  });

  it('finds shares out of order, missing, or too many', () => {
    expect(failed({ ...honest, grabs: grabs.toReversed() })).toEqual(['shares-in-order']);
    expect(failed({ ...honest, grabs: grabs.slice(1) })).toContain('shares-in-order');
    expect(failed({ ...honest, grabs: [...grabs, { shareIndex: 3, amountFen: 1 }] })).toEqual([
      'shares-in-order',
      'share-amount 3',
      'sum',
    ]);
  });

  it('finds a seed that was not the one committed to', () => {
    const other = '01'.repeat(32);
    expect(failed({ ...honest, seed: other })).toContain('commitment');
  });

  it('finds terms that were changed after the commitment', () => {
    expect(failed({ ...honest, terms: { ...terms, totalFen: 1001 } })).toContain('commitment');
  });

  it('answers evidence of any form', () => {
    expect(failed({ ...honest, seed: 'zz' })).toEqual(['seed-form']);
    expect(failed({ ...honest, seed: seedHex.toUpperCase() })).toEqual(['seed-form']);
    for (const [totalFen, count] of [
      [1, 2],
      [-5, 1],
      [0.5, 1],
      [10, 1e12],
      [10, 0],
      [1e15, 100],
    ] as const) {
      expect(failed({ ...honest, terms: { ...terms, totalFen, count } })).toEqual(['sum']);
    }
  });
});
