import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import { ClockWatch } from '../../../src/projections/scheduler/clock-watch.ts';

function watchedClock() {
  const time = { wallMs: 1_000_000, monotonicMs: 0 };
  const watch = new ClockWatch({ nowMs: () => time.wallMs, monotonicMs: () => time.monotonicMs });
  const pass = (ms: number): void => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  return { time, watch, pass };
}

describe('the clock watch', () => {
  it('trusts a clock that goes on evenly, or is set by less than the bound', () => {
    const { time, watch, pass } = watchedClock();
    pass(86_400_000);
    expect(watch.isTrusted()).toBe(true);
    time.wallMs += limits.scheduler.clockDriftMsMax;
    expect(watch.isTrusted()).toBe(true);
  });

  it.each([60_000, -60_000])('does not trust one that jumps by %d ms, until it jumps back', (jumpMs) => {
    const { time, watch, pass } = watchedClock();
    time.wallMs += jumpMs;
    expect(watch.isTrusted()).toBe(false);
    pass(1_000);
    expect(watch.isTrusted()).toBe(false);
    time.wallMs -= jumpMs;
    expect(watch.isTrusted()).toBe(true);
  });

  it('trusts it again when it has stayed put for long, and not when it kept jumping', () => {
    const { time, watch, pass } = watchedClock();
    time.wallMs += 3_600_000;
    expect(watch.isTrusted()).toBe(false);
    pass(limits.scheduler.clockSettledMs - 1);
    expect(watch.isTrusted()).toBe(false);
    time.wallMs += 5_000;
    expect(watch.isTrusted()).toBe(false);
    pass(limits.scheduler.clockSettledMs - 1);
    expect(watch.isTrusted()).toBe(false);
    pass(1);
    expect(watch.isTrusted()).toBe(true);
  });
});
