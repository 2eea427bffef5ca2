import { describe, expect, it } from 'vitest';
import type { UserId } from '../../src/domain/ids.ts';
import { receiptMark, withReceipt } from '../../web/src/session/receipt-mark.ts';
import { friend, me } from './messages.ts';

const third = '01890a5d-ac96-774b-bcce-000000000003' as UserId;
const receipts = (...entries: (readonly [UserId, number, number])[]) =>
  new Map(entries.map(([userId, delivered, read]) => [userId, { delivered, read }]));

describe('the mark of a message of mine', () => {
  it.each([
    ['nobody has it', [], { kind: 'sent' }],
    ['my own cursors do not count', [[me, 9, 9]], { kind: 'sent' }],
    ['it has arrived', [[friend, 5, 4]], { kind: 'delivered' }],
    ['it was read', [[friend, 5, 5]], { kind: 'read' }],
    ['only earlier ones were read', [[friend, 4, 4]], { kind: 'sent' }],
  ] as const)('between two: %s', (_, entries, mark) => {
    expect(receiptMark(5, receipts(...entries), me, 1)).toEqual(mark);
  });

  it.each([
    ['one of two has it', [[friend, 5, 0]], { kind: 'sent' }],
    [
      'both have it',
      [
        [friend, 5, 0],
        [third, 6, 0],
      ],
      { kind: 'delivered' },
    ],
    ['one has read it', [[friend, 5, 5]], { kind: 'read-by', readers: 1, others: 2 }],
    [
      'both have read it',
      [
        [friend, 5, 5],
        [third, 7, 7],
      ],
      { kind: 'read' },
    ],
  ] as const)('in a group of three: %s', (_, entries, mark) => {
    expect(receiptMark(5, receipts(...entries), me, 2)).toEqual(mark);
  });
});

describe('a receipt', () => {
  it('moves cursors forwards, each by itself, and never back', () => {
    const before = receipts([friend, 5, 2]);
    expect(withReceipt(before, { userId: friend, delivered: 4, read: 3 }).get(friend)).toEqual({
      delivered: 5,
      read: 3,
    });
    expect(withReceipt(before, { userId: friend, delivered: 4, read: 1 })).toBe(before);
  });
});
