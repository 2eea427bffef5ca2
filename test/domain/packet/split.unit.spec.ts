import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import { allShares, luckyRange, splitAmount } from '../../../src/domain/packet/split.ts';
import { seed } from '../../support/domain-fixtures.ts';

const { countMax, shareFenMax } = domainLimits.packet;
const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** What can be shared out, both ends of it more often than chance would have them. */
const amounts = fc.integer({ min: 1, max: countMax }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    totalFen: fc.oneof(
      fc.integer({ min: count, max: count * shareFenMax }),
      fc.constantFrom(count, count * shareFenMax),
      fc.integer({ min: Math.max(count, count * shareFenMax - 50), max: count * shareFenMax }),
    ),
  }),
);
const seedNumber = (number: number) => hexToBytes(number.toString(16).padStart(64, '0'));
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('lucky shares', () => {
  it('add up to the total, each from 1 fen to the greatest share', () => {
    fc.assert(
      fc.property(anySeed, amounts, (anyoneSeed, { totalFen, count }) => {
        const shares = allShares(anyoneSeed, { totalFen, count, kind: 'lucky' });
        expect(shares).toHaveLength(count);
        expect(sum(shares)).toBe(totalFen);
        for (const share of shares) {
          expect(Number.isSafeInteger(share) && share >= 1 && share <= shareFenMax).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are at most twice the mean of what is left, but for the last', () => {
    fc.assert(
      fc.property(anySeed, amounts, (anyoneSeed, { totalFen, count }) => {
        let remainingFen = totalFen;
        allShares(anyoneSeed, { totalFen, count, kind: 'lucky' }).forEach((share, index) => {
          const left = count - index;
          if (left > 1) expect(share * left).toBeLessThanOrEqual(2 * remainingFen);
          remainingFen -= share;
        });
      }),
    );
  });

  it('are a function of the seed', () => {
    const terms = { totalFen: 1000, count: 3, kind: 'lucky' } as const;
    expect(allShares(seed, terms)).toEqual([155, 314, 531]);
    expect(allShares(seed, terms)).toEqual(allShares(seed.slice(), terms));
    expect(allShares(seedNumber(1), terms)).not.toEqual(allShares(seedNumber(2), terms));
  });

  it('come from the plain double mean until the greatest share is near', () => {
    expect(luckyRange(1000, 4)).toEqual({ low: 1, high: 500 });
    expect(luckyRange(5, 4)).toEqual({ low: 1, high: 2 });
    expect(luckyRange(4, 4)).toEqual({ low: 1, high: 1 });
    expect(luckyRange(3, 2)).toEqual({ low: 1, high: 2 });
    expect(luckyRange(2 * shareFenMax, 4)).toEqual({ low: 1, high: shareFenMax });
  });

  it('come from a range centred on the mean when it is', () => {
    expect(luckyRange(3 * shareFenMax, 4)).toEqual({ low: shareFenMax / 2, high: shareFenMax });
    expect(luckyRange(4 * shareFenMax, 4)).toEqual({ low: shareFenMax, high: shareFenMax });
    expect(luckyRange(4 * shareFenMax - 1, 4)).toEqual({ low: shareFenMax - 1, high: shareFenMax });
  });

  it('leave what can be shared out, whichever of the range is drawn', () => {
    fc.assert(
      fc.property(amounts, ({ totalFen, count }) => {
        fc.pre(count >= 2);
        const { low, high } = luckyRange(totalFen, count);
        expect(1 <= low && low <= high && high <= shareFenMax).toBe(true);
        for (const share of [low, high]) {
          expect(totalFen - share).toBeGreaterThanOrEqual(count - 1);
          expect(totalFen - share).toBeLessThanOrEqual((count - 1) * shareFenMax);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/**
 * Statistics over fixed seeds, so that they come out the same every time. The bounds are more than five standard
 * deviations wide: what breaks them is a bias.
 */
describe('lucky shares of many packets', () => {
  const rounds = 4_000;

  it('are uniform over their range', () => {
    // 10 fen, 2 shares: the first is uniform on 1 .. 9.
    const seen = new Map<number, number>();
    for (let round = 0; round < rounds; round += 1) {
      const share = splitAmount(seedNumber(round), 0, 10, 2, 'lucky');
      seen.set(share, (seen.get(share) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const expected = rounds / 9;
    const chiSquare = sum([...seen.values()].map((count) => (count - expected) ** 2 / expected));
    // 8 degrees of freedom: above 40 with a chance of less than 1 in 100,000.
    expect(chiSquare).toBeLessThan(40);
  });

  it('throw away a draw that would make some shares likelier, and draw again', () => {
    // The width is 19,825, and 2^32 leaves 19,821 over. This seed was searched for: its first draw is 4,294,947,725,
    // among those left over (it would make 251 fen); its second is 3,880,139,738.
    expect(luckyRange(39_650, 4)).toEqual({ low: 1, high: 19_825 });
    expect(splitAmount(seedNumber(76_274), 0, 39_650, 4, 'lucky')).toBe(10_564);
  });

  it.each([
    { totalFen: 10_000, count: 5 },
    { totalFen: 5 * 15_000, count: 5 },
    { totalFen: 5 * 19_000, count: 5 },
  ])('have one mean, first to last: $totalFen fen in $count shares', ({ totalFen, count }) => {
    const totals = new Array<number>(count).fill(0);
    for (let round = 0; round < rounds; round += 1) {
      allShares(seedNumber(round), { totalFen, count, kind: 'lucky' }).forEach((share, index) => {
        totals[index]! += share;
      });
    }
    const mean = totalFen / count;
    const widest = Math.min(mean, shareFenMax - mean + 1);
    for (const total of totals) {
      // A later share may vary more than the first, never by more than the whole range.
      expect(Math.abs(total / rounds - mean)).toBeLessThan((5 * 2 * widest) / Math.sqrt(rounds) + 1);
    }
  });
});

describe('equal shares', () => {
  it.each(['equal', 'exclusive'] as const)('of an %s packet are the total divided by the count', (kind) => {
    expect(allShares(seed, { totalFen: 1000, count: 4, kind })).toEqual([250, 250, 250, 250]);
  });
});

describe('what cannot be shared out', () => {
  it.each([
    [2, 3, 'lucky'],
    [0, 1, 'lucky'],
    [10, 0, 'lucky'],
    [3 * shareFenMax + 1, 3, 'lucky'],
    [Number.NaN, 3, 'lucky'],
    [10, 3, 'equal'],
  ] as const)('%d fen in %d %s shares is refused as a fault', (totalFen, count, kind) => {
    expect(() => splitAmount(seed, 0, totalFen, count, kind)).toThrow(RangeError);
  });
});
