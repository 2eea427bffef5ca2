import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addToDay,
  dayOf,
  dayRefusal,
  defaultPacketLimits,
  limitRefusal,
  nothingYet,
} from '../../../src/domain/packet/packet-limits.ts';

const hourMs = 3_600_000;
/** Midnight in Shanghai. */
const midnightMs = Date.UTC(2026, 1, 16, 16);

describe('the day of the limits', () => {
  it('begins at midnight in China', () => {
    expect(dayOf(midnightMs) - dayOf(midnightMs - 1)).toBe(1);
    expect(dayOf(midnightMs + 24 * hourMs - 1)).toBe(dayOf(midnightMs));
  });

  it('adds up what falls into it, and begins anew', () => {
    const evening = addToDay(addToDay(nothingYet, 300, midnightMs - hourMs), 200, midnightMs - 1);
    expect(evening).toMatchObject({ fen: 500, count: 2 });
    expect(addToDay(evening, 50, midnightMs)).toEqual({ day: dayOf(midnightMs), fen: 50, count: 1 });
  });

  it('has room for exactly as much as it may have', () => {
    const limits = { fenMax: 500, countMax: 3 };
    const total = addToDay(addToDay(nothingYet, 300, midnightMs), 100, midnightMs);
    expect(dayRefusal(total, 100, midnightMs + hourMs, limits)).toBeUndefined();
    expect(dayRefusal(total, 101, midnightMs + hourMs, limits)?.code).toBe('daily-limit');
    const full = addToDay(total, 1, midnightMs);
    expect(dayRefusal(full, 1, midnightMs + hourMs, limits)?.code).toBe('daily-limit');
    expect(dayRefusal(full, 500, midnightMs + 24 * hourMs, limits)).toBeUndefined();
  });
});

describe("the operator's limits", () => {
  const limits = { ...defaultPacketLimits, totalFenMax: 1_000, shareFenMax: 200, countMax: 10 };

  it.each([
    [{ totalFen: 1_000, count: 10 }, undefined],
    [{ totalFen: 1_001, count: 10 }, 'amount-invalid'],
    [{ totalFen: 400, count: 2 }, undefined],
    [{ totalFen: 401, count: 2 }, 'amount-invalid'],
    [{ totalFen: 100, count: 11 }, 'shares-invalid'],
  ])('for %j: %s', (packet, code) => {
    expect(limitRefusal(packet, limits)?.code).toBe(code);
  });

  it('are no narrower than the rules, unless somebody says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 20_000 }), (count, share) => {
        expect(limitRefusal({ totalFen: count * share, count }, defaultPacketLimits)).toBeUndefined();
      }),
    );
  });
});
