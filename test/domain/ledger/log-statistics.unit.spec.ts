import { describe, expect, it } from 'vitest';
import { createLogStatistics } from '../../../src/domain/ledger/log-statistics.ts';
import { expiresAtSecond } from '../../support/domain-fixtures.ts';
import {
  allTaken,
  cancelled,
  deposited,
  expiryMs,
  halfTaken,
  opened,
  recorded,
  refunded,
  type Step,
  withdrew,
} from './money-history.ts';

function statisticsOf(steps: readonly Step[], hoursMax?: number) {
  const fold = createLogStatistics(hoursMax);
  for (const event of recorded(steps)) fold.add(event);
  return fold.statistics();
}

const hourMs = 3_600_000;
const at = (step: Step, timeMs: number): Step => ({ ...step, timeMs });

describe('the statistics of a log', () => {
  it('count events and money by the hour, in order of time', () => {
    const { hours, eventsInFurtherHours } = statisticsOf([
      at(deposited(500), 5 * hourMs),
      at(withdrew(200), 5 * hourMs + hourMs - 1),
      at(deposited(7), 2 * hourMs),
    ]);
    expect(hours).toEqual([
      { startMs: 2 * hourMs, events: 1, depositedFen: 7, withdrawnFen: 0 },
      { startMs: 5 * hourMs, events: 2, depositedFen: 500, withdrawnFen: 200 },
    ]);
    expect(eventsInFurtherHours).toBe(0);
  });

  it('keep a bounded number of hours, however wild the times are', () => {
    const wild = Array.from({ length: 5 }, (_, index) => at(deposited(1), index * hourMs * 1_000));
    const { hours, eventsInFurtherHours, eventsByType } = statisticsOf(
      [at(deposited(1), Number.NaN), at(deposited(1), 8.64e15 + 1), ...wild],
      3,
    );
    expect(hours).toHaveLength(3);
    expect(eventsInFurtherHours).toBe(4);
    expect(eventsByType).toEqual([{ type: 'FundsDeposited', events: 7 }]);
  });

  it('count event types, most first', () => {
    const { eventsByType } = statisticsOf(allTaken);
    expect(eventsByType.slice(0, 2)).toEqual([
      { type: 'GrabCredited', events: 2 },
      { type: 'PacketGrabbed', events: 2 },
    ]);
  });

  it('count packets by their end', () => {
    const { packetEnds } = statisticsOf([...allTaken, ...halfTaken, ...opened, cancelled(), ...opened]);
    expect(packetEnds).toEqual({ sent: 4, exhausted: 1, refunded: 1, cancelled: 1 });
  });

  it('count refunds by how late they are after the expiry second', () => {
    expect(expiresAtSecond * 1000).toBe(expiryMs);
    const late = [0, 10, 11, 999, 60_000, 60_001].map((lateMs) => refunded(1, expiryMs + lateMs));
    const { refundLateness } = statisticsOf(late);
    expect(refundLateness.filter(({ refunds }) => refunds > 0)).toEqual([
      { upToMs: 10, refunds: 2 },
      { upToMs: 25, refunds: 1 },
      { upToMs: 1_000, refunds: 1 },
      { upToMs: 60_000, refunds: 1 },
      { upToMs: null, refunds: 1 },
    ]);
  });
});
