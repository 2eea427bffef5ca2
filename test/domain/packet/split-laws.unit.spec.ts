import { describe, expect, it } from 'vitest';
import { allShares } from '../../../src/domain/packet/split.ts';
import { brokenLaws, mulberry32, range, type Splitter } from './split-laws.ts';

/** The product's own split, under seeds that are their numbers. */
function split(number: number, totalFen: number, count: number): readonly number[] {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(28, number);
  return allShares(seed, { totalFen, count, kind: 'lucky' });
}

/** A splitter that draws as told: `draw` gives a number below the width, of a source of 32 random bits. */
function planted(
  bounds: (rest: number, left: number) => readonly [low: number, high: number],
  draw: (width: number, bits: () => number) => number,
): Splitter {
  return (number, totalFen, count) => {
    const random = mulberry32(number * 2_654_435_761 + totalFen);
    const bits = (): number => Math.floor(random() * 2 ** 32);
    let rest = totalFen;
    return Array.from({ length: count }, (_, index) => {
      const left = count - index;
      const [low, high] = left === 1 ? [rest, rest] : bounds(rest, left);
      const share = low + draw(high - low + 1, bits);
      rest -= share;
      return share;
    });
  };
}

const fair = (width: number, bits: () => number): number => Math.floor((bits() / 2 ** 32) * width);

/** A hang guard, far above what a million packets take. */
const timeout = 240_000;

describe('a million lucky packets', () => {
  it('keep every law of the split', { timeout }, () => {
    expect([...brokenLaws(split)]).toEqual([]);
  });
});

/** A law that finds nothing wrong with these is none. */
describe('the laws', () => {
  const part = 0.5;

  it('take another implementation of the same split', () => {
    expect([...brokenLaws(planted(range, fair), part)]).toEqual([]);
  });

  it('reject a remainder of eight bits, which makes small shares likelier', () => {
    const biased = planted(range, (width, bits) =>
      width <= 256 ? (bits() >>> 24) % width : fair(width, bits),
    );
    expect(brokenLaws(biased)).toContain('every vector of shares has the chance that the law gives it');
  });

  it.each([
    [-1, 'never reached'],
    [1, 'passed by one'],
  ])('reject a greatest share that is off by %d: %s', (offBy) => {
    const off = planted((rest, left) => {
      const [low, high] = range(rest, left);
      return [low, Math.max(low, high + offBy)];
    }, fair);
    expect(brokenLaws(off, part)).toContain('every vector of shares has the chance that the law gives it');
  });

  it('reject a share that may be all that remains: who comes first has more', () => {
    const greedy = planted((rest, left) => [1, rest - left + 1], fair);
    const broken = brokenLaws(greedy, part);
    expect(broken).toContain('the mean is the same for the first and for the last');
    expect(broken).toContain('the variance of each share in order is that of the double mean');
    expect(broken).toContain('a share holds at most what is stated');
  });

  it('reject shares that do not add up, and shares of nothing', () => {
    expect(
      brokenLaws((_, totalFen, count) => Array(count).fill(Math.floor(totalFen / count)), 0.01),
    ).toContain('the shares add up to the total');
    const empty: Splitter = (_, totalFen, count) => [...Array(count - 1).fill(0), totalFen];
    expect(brokenLaws(empty, 0.01)).toContain('a share holds at least 1 fen');
  });

  it('reject a split that is another one when it is replayed', () => {
    let calls = 0;
    const fickle: Splitter = (number, totalFen, count) => {
      calls += 1;
      return split(number + calls, totalFen, count);
    };
    expect(brokenLaws(fickle, 0.01)).toContain('a replay gives the same shares');
  });
});
