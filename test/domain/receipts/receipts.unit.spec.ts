import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceiptCursor } from '../../../src/domain/receipts/receipts-events.ts';
import {
  cursorRefusal,
  evolveReceipts,
  initialReceipts,
  isCoveredBy,
  mergeCursors,
  mergePlaces,
  nothingReceived,
  readUpTo,
} from '../../../src/domain/receipts/receipts-state.ts';
import { alice, aliceAndBob, bob, deviceId, groupChat } from '../../support/domain-fixtures.ts';

const seq = fc.nat({ max: 20 });
/** Any places, those that claim to have read what was not delivered included. */
const place = fc.record({ delivered: seq, read: seq });
const cursor: fc.Arbitrary<ReceiptCursor> = fc.record({
  userId: fc.constantFrom(alice, bob),
  deviceId: fc.constantFrom(deviceId(1), deviceId(2)),
  conversationId: fc.constantFrom(aliceAndBob, groupChat),
  delivered: seq,
  read: seq,
});
const fold = (lists: readonly (readonly ReceiptCursor[])[]) =>
  lists.reduce(
    (state, cursors) => evolveReceipts(state, { type: 'ReceiptsAdvanced', data: { cursors } }),
    initialReceipts,
  );
const asObject = (cursors: readonly (readonly ReceiptCursor[])[]) => fold(cursors).toObject();

describe('merging two places', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(mergePlaces(a, b)).toEqual(mergePlaces(b, a));
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        expect(mergePlaces(mergePlaces(a, b), c)).toEqual(mergePlaces(a, mergePlaces(b, c)));
      }),
    );
  });

  it('is idempotent, with nothing received as its neutral element', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const merged = mergePlaces(a, b);
        expect(mergePlaces(merged, merged)).toEqual(merged);
        expect(mergePlaces(merged, a)).toEqual(merged);
        expect(mergePlaces(merged, nothingReceived)).toEqual(merged);
      }),
    );
  });

  it('never goes back, and never has more read than delivered', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const merged = mergePlaces(a, b);
        expect(merged.delivered).toBeGreaterThanOrEqual(merged.read);
        expect(isCoveredBy(a, merged)).toBe(true);
        expect(isCoveredBy(b, merged)).toBe(true);
      }),
    );
  });

  it('covers exactly what it does not change by', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const known = mergePlaces(b, nothingReceived);
        const changes = JSON.stringify(mergePlaces(known, a)) !== JSON.stringify(known);
        expect(isCoveredBy(a, known)).toBe(!changes);
      }),
    );
  });
});

describe('receipts', () => {
  it('say the same in any order, in any pieces, and however often they come', () => {
    const shuffled = fc
      .array(cursor, { maxLength: 12 })
      .chain((cursors) =>
        fc.tuple(
          fc.constant(cursors),
          fc.shuffledSubarray([...cursors, ...cursors], { minLength: cursors.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([cursors, again]) => {
        const whole = asObject([cursors]);
        expect(asObject(again.map((one) => [one]))).toEqual(whole);
        expect(asObject([mergeCursors(cursors)])).toEqual(whole);
      }),
    );
  });

  it('are merged to one cursor per user, device and conversation', () => {
    fc.assert(
      fc.property(fc.array(cursor), (cursors) => {
        const merged = mergeCursors(cursors);
        const keys = merged.map((one) => `${one.userId} ${one.deviceId} ${one.conversationId}`);
        expect(new Set(keys).size).toBe(merged.length);
      }),
    );
  });

  it('count as read what any device of the user has read', () => {
    const at = { userId: alice, conversationId: groupChat };
    const cursors = [
      { ...at, deviceId: deviceId(1), delivered: 9, read: 4 },
      { ...at, deviceId: deviceId(2), delivered: 7, read: 6 },
      { ...at, userId: bob, deviceId: deviceId(3), delivered: 9, read: 9 },
      { ...at, conversationId: aliceAndBob, deviceId: deviceId(1), delivered: 8, read: 8 },
    ];
    expect(readUpTo(cursors, alice, groupChat)).toBe(6);
    expect(readUpTo([], alice, groupChat)).toBe(0);
  });
});

describe('an acknowledgement', () => {
  it('is of messages that exist', () => {
    expect(cursorRefusal({ delivered: 5, read: 5 }, 5)).toBeUndefined();
    expect(cursorRefusal({ delivered: 6, read: 0 }, 5)?.code).toBe('cursor-beyond-head');
    expect(cursorRefusal({ delivered: 0, read: 6 }, 5)?.code).toBe('cursor-beyond-head');
  });

  it('names them by whole numbers', () => {
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(cursorRefusal({ delivered: bad, read: 0 }, 5)?.code).toBe('bad-request');
      expect(cursorRefusal({ delivered: 5, read: bad }, 5)?.code).toBe('bad-request');
    }
  });
});
