import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BusMessage } from '../../src/projections/bus.ts';
import { decodeBusMessage, encodeBusMessage } from '../../src/projections/bus-codec.ts';
import { alice } from '../support/domain-fixtures.ts';

const position = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
const place = { projection: fc.string(), generation: fc.nat(), partitionCount: fc.nat() };
const move = fc.record({ partition: fc.nat(), previous: position });
const message: fc.Arbitrary<BusMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('changes' as const),
    ...place,
    partitions: fc.array(move),
    checkpoint: position,
    changes: fc.array(
      fc.record({
        kind: fc.constant('wallet' as const),
        userId: fc.constant(alice),
        balanceFen: fc.nat(),
        entries: fc.constant([]),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('progress' as const),
    projections: fc.array(
      fc.record({ ...place, partitions: fc.array(fc.nat()), changed: position, reached: position }),
    ),
  }),
);

describe('the bus codec', () => {
  it('gives back every message as it was, positions of 64 bits included', () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(decodeBusMessage(encodeBusMessage(original))).toEqual(original);
      }),
    );
  });

  it.each(['', '{', 'null', '{}', '{"kind":"other"}'])('throws for %j', (text) => {
    expect(() => decodeBusMessage(text)).toThrow();
  });
});
