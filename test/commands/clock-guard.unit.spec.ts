import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ClockGuard } from '../../src/commands/clock-guard.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

function harness() {
  const runtime = virtualRuntime();
  const bounds = { clockDepartureMsMax: 1_000, clockStableMs: 60_000 };
  return { runtime, guard: new ClockGuard(runtime.clock, bounds, pino({ level: 'silent' })) };
}

describe('the clock guard', () => {
  it('trusts a clock that keeps step, drifts or is off by up to a second', async () => {
    const { runtime, guard } = harness();
    for (let hour = 0; hour < 100; hour += 1) {
      await runtime.advance(3_600_000);
      runtime.stepWallClock(500);
      expect(guard.pausedMs()).toBe(0);
    }
  });

  it.each([1_001, -1_001])(
    'pauses when the wall clock is set by %i ms, until it has been steady',
    async (byMs) => {
      const { runtime, guard } = harness();
      runtime.stepWallClock(byMs);
      expect(guard.pausedMs()).toBe(60_000);
      await runtime.advance(59_999);
      expect(guard.pausedMs()).toBe(1);
      await runtime.advance(1);
      expect(guard.pausedMs()).toBe(0);
    },
  );

  it('goes on at once when the mistake is taken back, and waits anew when it is set again', async () => {
    const { runtime, guard } = harness();
    runtime.stepWallClock(86_400_000);
    expect(guard.pausedMs()).toBe(60_000);
    await runtime.advance(30_000);
    runtime.stepWallClock(5_000);
    expect(guard.pausedMs()).toBe(60_000);
    runtime.stepWallClock(-86_405_000);
    expect(guard.pausedMs()).toBe(0);
  });
});
