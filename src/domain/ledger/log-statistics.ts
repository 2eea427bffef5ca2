import { domainLimits } from '../domain-limits.ts';
import type { AuditedEvent } from './audited-event.ts';

/** What happened in one hour, by recorded time. */
export interface HourStatistics {
  /** When it begins, ms since the epoch. */
  readonly startMs: number;
  readonly events: number;
  readonly depositedFen: number;
  readonly withdrawnFen: number;
}

/** How many packets came to which end. Those that are still open are what was sent less the rest. */
export interface PacketEnds {
  readonly sent: number;
  readonly exhausted: number;
  readonly refunded: number;
  readonly cancelled: number;
}

export interface LatenessBucket {
  /** Refunds up to so late, ms; `null` for all that were later. */
  readonly upToMs: number | null;
  readonly refunds: number;
}

/** What is in a log, for people to look at. Nothing is judged here. */
export interface LogStatistics {
  /** The hours that have something in them, in order. */
  readonly hours: readonly HourStatistics[];
  /** Events in hours beyond `hoursMax`, or at no time at all, of a log with wild times. */
  readonly eventsInFurtherHours: number;
  /** By how many there are, most first. */
  readonly eventsByType: readonly { readonly type: string; readonly events: number }[];
  readonly packetEnds: PacketEnds;
  /** From the expiry second to the recorded time of the refund. */
  readonly refundLateness: readonly LatenessBucket[];
}

export interface LogStatisticsFold {
  /** The next event. Constant time. */
  add(event: AuditedEvent): void;
  statistics(): LogStatistics;
}

const hourMs = 3_600_000;
/** Beyond it there is no date (ECMA-262). */
const timeMsMax = 8.64e15;
const latenessUpToMs = [10, 25, 50, 100, 250, 500, 1_000, 5_000, 60_000] as const;

export function createLogStatistics(hoursMax: number = domainLimits.audit.hoursMax): LogStatisticsFold {
  const hours = new Map<number, { events: number; depositedFen: number; withdrawnFen: number }>();
  const eventsByType = new Map<string, number>();
  const ends = { sent: 0, exhausted: 0, refunded: 0, cancelled: 0 };
  const refunds = Array.from({ length: latenessUpToMs.length + 1 }, () => 0);
  let eventsInFurtherHours = 0;

  const hourOf = (timeMs: number) => {
    const number = Math.floor(timeMs / hourMs);
    const known = hours.get(number);
    if (known !== undefined) return known;
    if (hours.size >= hoursMax || !(Math.abs(timeMs) <= timeMsMax)) return undefined;
    const hour = { events: 0, depositedFen: 0, withdrawnFen: 0 };
    hours.set(number, hour);
    return hour;
  };

  const refunded = (lateMs: number): void => {
    const index = latenessUpToMs.findIndex((upToMs) => lateMs <= upToMs);
    const bucket = index === -1 ? latenessUpToMs.length : index;
    refunds[bucket] = (refunds[bucket] ?? 0) + 1;
  };

  return {
    add({ event, timeMs }) {
      eventsByType.set(event.type, (eventsByType.get(event.type) ?? 0) + 1);
      const hour = hourOf(timeMs);
      if (hour === undefined) eventsInFurtherHours += 1;
      else hour.events += 1;
      switch (event.type) {
        case 'FundsDeposited':
          if (hour !== undefined) hour.depositedFen += event.data.amountFen;
          break;
        case 'FundsWithdrawn':
          if (hour !== undefined) hour.withdrawnFen += event.data.amountFen;
          break;
        case 'PacketSent':
          ends.sent += 1;
          break;
        case 'PacketExhausted':
          ends.exhausted += 1;
          break;
        case 'PacketRefunded':
          ends.refunded += 1;
          refunded(timeMs - event.data.expiresAtSecond * 1000);
          break;
        case 'PacketCancelled':
          ends.cancelled += 1;
          break;
      }
    },
    statistics: () => ({
      hours: [...hours]
        .sort(([one], [other]) => one - other)
        .map(([number, hour]) => ({ startMs: number * hourMs, ...hour })),
      eventsInFurtherHours,
      eventsByType: [...eventsByType]
        .map(([type, events]) => ({ type, events }))
        .sort((one, other) => other.events - one.events || (one.type < other.type ? -1 : 1)),
      packetEnds: { ...ends },
      refundLateness: refunds.map((number, index) => ({
        upToMs: latenessUpToMs[index] ?? null,
        refunds: number,
      })),
    }),
  };
}
