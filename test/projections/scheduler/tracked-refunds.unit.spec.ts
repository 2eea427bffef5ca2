import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/config/limits.ts';
import { TrackedRefunds } from '../../../src/projections/scheduler/tracked-refunds.ts';
import { packetId } from '../../support/domain-fixtures.ts';

function tracked() {
  const time = { ms: 0 };
  const clock = { nowMs: () => time.ms, monotonicMs: () => time.ms };
  const random = { bytes: (size: number) => new Uint8Array(size), fraction: () => 0 };
  return { time, refunds: new TrackedRefunds(clock, random) };
}

const one = packetId(1);

describe('tracked refunds', () => {
  it('begins none twice while it is in flight', () => {
    const { refunds } = tracked();
    expect([refunds.begin(one, 0), refunds.begin(one, 0)]).toEqual([true, false]);
    expect([refunds.inFlight, refunds.leftAlone()]).toEqual([1, [one]]);
  });

  it('leaves a settled one alone until its grace is over, and then forgets it', () => {
    const { time, refunds } = tracked();
    refunds.begin(one, 0);
    refunds.settled(one);
    time.ms = limits.scheduler.settleGraceMs - 1;
    expect([refunds.inFlight, refunds.leftAlone()]).toEqual([0, [one]]);
    time.ms += 1;
    expect(refunds.leftAlone()).toEqual([]);
    expect(refunds.begin(one, 0)).toBe(true);
  });

  it('waits twice as long after every failure, up to the bound', () => {
    const { time, refunds } = tracked();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      refunds.begin(one, 0);
      refunds.failed(one);
      const failedAtMs = time.ms;
      while (refunds.leftAlone().length > 0) time.ms += 100;
      delays.push(time.ms - failedAtMs);
    }
    expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
    expect(delays.at(-1)).toBe(limits.scheduler.retryDelayMsMax);
  });

  it('has room for as many as may be in flight', () => {
    const { refunds } = tracked();
    for (let number = 0; number < limits.scheduler.inFlightMax; number++) refunds.begin(packetId(number), 0);
    expect(refunds.room).toBe(0);
    refunds.settled(packetId(0));
    expect(refunds.room).toBe(1);
  });
});
