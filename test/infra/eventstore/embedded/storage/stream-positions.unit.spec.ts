import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamPositions } from '../../../../../infra/eventstore/embedded/storage/stream-positions.ts';

/** Blocks as a table has them. */
function positionsInMemory(): StreamPositions {
  const blocks = new Map<string, Buffer>();
  return new StreamPositions({
    get: (key) => blocks.get(key.toString('hex')),
    put: (key, block) => blocks.set(key.toString('hex'), block),
    remove: (key) => blocks.delete(key.toString('hex')),
    entries: () => [...blocks.values()].map((value) => ({ value })),
  });
}

test('what was put and not removed from the front is there, and nothing else', () => {
  const grow = fc.record({ kind: fc.constant('grow' as const), count: fc.integer({ min: 1, max: 200 }) });
  const shrink = fc.record({ kind: fc.constant('shrink' as const), count: fc.integer({ min: 1, max: 200 }) });
  const steps = fc.array(fc.oneof(grow, grow, shrink), { maxLength: 12 });
  fc.assert(
    fc.property(steps, fc.constantFrom(1, 2 ** 33), (changes, firstPosition) => {
      const positions = positionsInMemory();
      const [stream, other] = [7, 8];
      positions.put(other, 0, [5]);
      const read = positions.reader(stream);
      let [first, end] = [0, 0];
      const positionOf = (revision: number): number => firstPosition + revision * 3;
      for (const { kind, count } of changes) {
        if (kind === 'grow') {
          positions.put(
            stream,
            end,
            Array.from({ length: count }, (_, index) => positionOf(end + index)),
          );
          end += count;
        } else {
          const next = Math.min(end, first + count);
          positions.remove(stream, first, next);
          first = next;
        }
        for (let revision = 0; revision < end + 70; revision++) {
          const expected = revision >= first && revision < end ? positionOf(revision) : undefined;
          expect(positions.at(stream, revision)).toBe(expected);
          if (revision >= first) expect(read(revision)).toBe(expected);
        }
        expect(positions.count()).toBe(end - first + 1);
      }
      expect(positions.at(other, 0)).toBe(5);
    }),
    { numRuns: 50 },
  );
});
