import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/cli-error.ts';
import { isFarBeyond, isInRange, parseBound, parseRange, readAfter } from '../../src/cli/log-range.ts';
import { START } from '../../src/commands/event-log.ts';
import { limits } from '../../src/config/limits.ts';
import { anEvent } from '../support/an-event.ts';

const at = (position: bigint, timeMs: number) => {
  const { metadata } = anEvent();
  return { position, metadata: { ...metadata, timeMs } };
};
const eightMs = Date.UTC(2026, 1, 17, 8);

describe('a bound', () => {
  it.each<[string, object]>([
    ['0', { kind: 'position', position: 0n }],
    ['9007199254740993', { kind: 'position', position: 9007199254740993n }],
    ['2026-02-17T08:00:00Z', { kind: 'time', timeMs: eightMs }],
    ['2026-02-17T08:00Z', { kind: 'time', timeMs: eightMs }],
    ['2026-02-17T16:00:00.250+08:00', { kind: 'time', timeMs: eightMs + 250 }],
    ['2026-02-17', { kind: 'time', timeMs: Date.UTC(2026, 1, 17) }],
  ])('%s is read as what it says', (text, bound) => {
    expect(parseBound(text)).toEqual(bound);
  });

  it.each([
    '',
    '-1',
    '1.5',
    'tomorrow',
    '2026-02-17T08:00:00',
    '2026-02-30',
    '17 Feb 2026',
    '99999999999999999999',
  ])('"%s" is refused: it would have to be guessed', (text) => {
    expect(() => parseBound(text)).toThrow(CliError);
  });
});

describe('a range', () => {
  it('of positions includes both its ends', () => {
    const range = parseRange('3', '5');
    expect([2n, 3n, 4n, 5n, 6n].filter((position) => isInRange(range, at(position, 0)))).toEqual([
      3n,
      4n,
      5n,
    ]);
  });

  it('of times includes its beginning and not its end, so that no event is in two of them', () => {
    const range = parseRange('2026-02-17T08:00:00Z', '2026-02-17T09:00:00Z');
    const nineMs = eightMs + 3_600_000;
    const times = [eightMs - 1, eightMs, nineMs - 1, nineMs];
    expect(times.filter((timeMs) => isInRange(range, at(1n, timeMs)))).toEqual([eightMs, nineMs - 1]);
  });

  it('may begin at a position and end at a time', () => {
    const range = parseRange('3', '2026-02-17T08:00:00Z');
    expect(isInRange(range, at(3n, eightMs - 1))).toBe(true);
    expect(isInRange(range, at(2n, eightMs - 1))).toBe(false);
    expect(isInRange(range, at(3n, eightMs))).toBe(false);
  });

  it.each([
    ['5', '4'],
    ['2026-02-17T08:00:00Z', '2026-02-17T08:00:00Z'],
    ['2026-02-17T09:00:00Z', '2026-02-17T08:00:00Z'],
  ])('from %s until %s is refused: nothing can be in it', (from, until) => {
    expect(() => parseRange(from, until)).toThrow('ends before it begins');
  });

  it('is over at once behind its last position, and behind its last moment when no clock is that far off', () => {
    expect(isFarBeyond(parseRange(undefined, '5'), at(6n, 0))).toBe(true);
    expect(isFarBeyond(parseRange(undefined, '5'), at(5n, eightMs))).toBe(false);
    const byTime = parseRange(undefined, '2026-02-17T08:00:00Z');
    expect(isFarBeyond(byTime, at(1n, eightMs + limits.cli.clockSlackMs - 1))).toBe(false);
    expect(isFarBeyond(byTime, at(1n, eightMs + limits.cli.clockSlackMs))).toBe(true);
  });

  it('is read from right before its first position, or from the start of the log', () => {
    expect(readAfter(parseRange('3', undefined))).toBe(2n);
    expect(readAfter(parseRange('0', undefined))).toBe(START);
    expect(readAfter(parseRange('2026-02-17', undefined))).toBe(START);
  });

  it('of times has no event of another program that says no time', () => {
    const foreign = { position: 1n, metadata: JSON.parse('{}') };
    expect(isInRange(parseRange('2026-02-17', undefined), foreign)).toBe(false);
    expect(isInRange(parseRange(undefined, '2026-02-17'), foreign)).toBe(false);
    expect(isInRange(parseRange('1', '1'), foreign)).toBe(true);
  });
});
