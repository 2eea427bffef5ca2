import { describe, expect, it } from 'vitest';
import { formatCountdown, formatTime } from '../../web/src/format/time.ts';

describe('a countdown', () => {
  it.each([
    [-1, '0 s'],
    [1, '1 s'],
    [9_000, '9 s'],
    [9_001, '10 s'],
    [60_000, '1:00'],
    [3_599_000, '59:59'],
    [86_400_000, '24:00:00'],
  ])('with %d ms left reads %s', (leftMs, text) => {
    expect(formatCountdown(leftMs)).toBe(text);
  });
});

describe('a time', () => {
  const nowMs = new Date(2026, 4, 20, 12, 0).getTime();

  it('is a clock time within a day, and has its date before', () => {
    expect(formatTime(nowMs - 3_600_000, nowMs, 'en')).toBe('11:00');
    expect(formatTime(nowMs - 3 * 86_400_000, nowMs, 'en')).toContain('17');
  });

  it('shows midnight as 00', () => {
    expect(formatTime(new Date(2026, 4, 20, 0, 5).getTime(), nowMs, 'en')).toBe('00:05');
  });
});
