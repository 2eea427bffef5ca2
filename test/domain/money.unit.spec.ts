import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatYuan, parseYuan } from '../../src/domain/money.ts';

describe('yuan', () => {
  it.each([
    ['0', 0],
    ['12', 1200],
    ['12.3', 1230],
    ['12.34', 1234],
    ['0.01', 1],
    ['90071992547409.91', Number.MAX_SAFE_INTEGER],
  ])('%s are %d fen', (text, fen) => {
    expect(parseYuan(text)).toBe(fen);
  });

  it.each([
    '',
    '-1',
    '+1',
    '1.',
    '.5',
    '1.234',
    '01',
    '1e3',
    '1,000',
    ' 1',
    '1\n',
    '0x10',
    '１',
    '90071992547409.92',
  ])('%j is no amount', (text) => {
    expect(parseYuan(text)).toBeUndefined();
  });

  it('are written with two decimals, and read back', () => {
    expect(formatYuan(0)).toBe('0.00');
    expect(formatYuan(5)).toBe('0.05');
    expect(formatYuan(-1234)).toBe('-12.34');
    fc.assert(
      fc.property(fc.maxSafeNat(), (fen) => {
        expect(parseYuan(formatYuan(fen))).toBe(fen);
      }),
    );
  });
});
