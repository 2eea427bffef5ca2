import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/commands/event-log.ts';
import { CheckpointMoved } from '../../../src/projections/checkpoints.ts';
import type { ProjectedEvent } from '../../../src/projections/projected-event.ts';
import { EventCannotBeRebuilt } from '../../../src/projections/rebuild/rebuild-errors.ts';
import type { CopyTarget } from '../../../src/projections/rebuild/shadow-copy.ts';
import { writeOrName } from '../../../src/projections/rebuild/write-or-name.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';

const eventsUpTo = (count: number): ProjectedEvent[] =>
  Array.from(
    { length: count },
    (_, index) =>
      ({
        stream: 'wallet-1',
        revision: index,
        position: BigInt(index),
        type: 'WalletOpened',
      }) as ProjectedEvent,
  );

/** Writes all or nothing, and throws what `fault` makes of a batch. */
function targetWith(fault: (events: readonly ProjectedEvent[]) => Error | undefined) {
  const written: Position[] = [];
  const target: CopyTarget = {
    projection: walletProjection,
    position: -1n,
    takes: () => true,
    async write(events) {
      const error = fault(events);
      if (error !== undefined) throw error;
      written.push(...events.map(({ position }) => position));
    },
  };
  return { target, written };
}

describe('a batch of a rebuild that cannot be written', () => {
  it('is blamed on the first event that cannot be written alone, wherever that is, and none is written twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 60 })
          .chain((count) =>
            fc.tuple(
              fc.constant(count),
              fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 3 }),
            ),
          ),
        async ([count, bad]) => {
          const { target, written } = targetWith((events) =>
            events.some(({ revision }) => bad.includes(revision)) ? new Error('cannot') : undefined,
          );
          const error = await writeOrName(target, eventsUpTo(count), 1_000n).catch((thrown) => thrown);
          expect(error).toBeInstanceOf(EventCannotBeRebuilt);
          const first = Math.min(...bad);
          expect(error).toMatchObject({
            projection: 'wallet',
            failure: { reason: 'poison', event: { revision: first, position: `${first}` } },
          });
          expect(written).toEqual(eventsUpTo(first).map(({ position }) => position));
        },
      ),
    );
  });

  it('is blamed on no event when each can be written alone', async () => {
    const { target } = targetWith((events) => (events.length > 1 ? new Error('too many') : undefined));
    await expect(writeOrName(target, eventsUpTo(4), 9n)).rejects.toThrow('too many');
  });

  it.each([
    ['somebody took the shadow away', new CheckpointMoved('gone')],
    ['the database went away', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
  ])('is blamed on no event when %s', async (_, fault) => {
    const { target } = targetWith(() => fault);
    await expect(writeOrName(target, eventsUpTo(4), 9n)).rejects.toBe(fault);
  });
});
