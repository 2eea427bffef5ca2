import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allProjections } from '../../../src/projections/all-projections.ts';
import { dealOut } from '../../../src/projections/rebuild/copy-share.ts';

const names = (hands: ReturnType<typeof dealOut>): string[][] =>
  hands.map((hand) => hand.map((projection) => projection.name));

describe('projections dealt out to the workers of a rebuild', () => {
  it('are all there, each once, whatever is rebuilt by however many', () => {
    fc.assert(
      fc.property(
        fc.subarray([...allProjections], { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        (chosen, workers) => {
          const dealt = names(dealOut(chosen, workers));
          expect(dealt.flat().sort()).toEqual(chosen.map(({ name }) => name).sort());
          expect(dealt.length).toBeLessThanOrEqual(workers);
        },
      ),
    );
  });

  it('are read once: those of one kind of stream are together, and one that reads all is with the first', () => {
    fc.assert(
      fc.property(
        fc.subarray([...allProjections], { minLength: 1 }),
        fc.integer({ min: 2, max: 12 }),
        (chosen, workers) => {
          const [first = [], ...others] = dealOut(chosen, workers);
          const readsAll = first.some(({ streamPrefixes }) => streamPrefixes.length > 1);
          const read = others.flatMap((hand) => [
            ...new Set(hand.flatMap(({ streamPrefixes }) => streamPrefixes)),
          ]);
          const readByFirst = readsAll
            ? []
            : [...new Set(first.flatMap(({ streamPrefixes }) => streamPrefixes))];
          expect(new Set([...read, ...readByFirst]).size).toBe(read.length + readByFirst.length);
        },
      ),
    );
  });

  it('are about as much work for each of two', () => {
    const [first, second] = names(dealOut(allProjections, 2));
    expect(first).toEqual(expect.arrayContaining(['messages', 'commands']));
    expect(second).toEqual(expect.arrayContaining(['cursors', 'wallet', 'packets', 'expiry']));
  });
});
