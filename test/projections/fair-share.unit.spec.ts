import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairShare } from '../../src/projections/fair-share.ts';

const numbered = (what: string, max: number, min = 0) =>
  fc.integer({ min, max }).map((count) => Array.from({ length: count }, (_, index) => `${what}/${index}`));
const names = numbered('projections', 20);
const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 10 });

describe('a fair share', () => {
  it('gives each name to exactly one member, and nobody two more than another', () => {
    fc.assert(
      fc.property(names, members, (all, who) => {
        const shares = who.map((member) => fairShare(all, who, member));
        expect(shares.flat().sort()).toEqual([...all].sort());
        const loads = shares.map(({ length }) => length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is the same whoever computes it, in whatever order it learnt of the members', () => {
    fc.assert(
      fc.property(names, members, (all, who) => {
        for (const member of who) {
          const one = fairShare(all, who, member);
          expect(fairShare(all, [...who, member].reverse(), member)).toEqual(one);
        }
      }),
    );
  });

  it('leaves everything to a member that is alone, and nothing to one that is not there', () => {
    expect(fairShare(['a', 'b'], ['one'], 'one')).toEqual(['a', 'b']);
    expect(fairShare(['a', 'b'], ['one'], 'other')).toEqual([]);
  });
});
