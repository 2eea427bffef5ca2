import type { HourStatistics } from '../../../domain/ledger/log-statistics.ts';

export interface TimeBuckets {
  /** What one of them is, for people: `hour`, `day`, `7 days`. */
  readonly unit: string;
  /** In order and without a gap; `startMs` is a UTC hour or midnight. */
  readonly buckets: readonly HourStatistics[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A log of up to three days is shown by the hour. */
const hoursShownMax = 72;
/** As many columns as can be told apart on a page. */
const bucketsMax = 124;

/** Sums hours up to what fits into one chart: by the hour, by the day, or by as many days as it takes. */
export function timeBuckets(hours: readonly HourStatistics[]): TimeBuckets {
  const first = hours[0]?.startMs;
  const last = hours.at(-1)?.startMs;
  if (first === undefined || last === undefined) return { unit: 'day', buckets: [] };
  const byHour = last - first < hoursShownMax * hourMs;
  const fromMs = byHour ? first : Math.floor(first / dayMs) * dayMs;
  const days = Math.ceil((last - fromMs + 1) / dayMs / bucketsMax);
  const widthMs = byHour ? hourMs : days * dayMs;
  const buckets = Array.from({ length: Math.floor((last - fromMs) / widthMs) + 1 }, (_, index) => ({
    startMs: fromMs + index * widthMs,
    events: 0,
    depositedFen: 0,
    withdrawnFen: 0,
  }));
  for (const { startMs, events, depositedFen, withdrawnFen } of hours) {
    const bucket = buckets[Math.floor((startMs - fromMs) / widthMs)];
    if (bucket === undefined) continue;
    bucket.events += events;
    bucket.depositedFen += depositedFen;
    bucket.withdrawnFen += withdrawnFen;
  }
  return { unit: byHour ? 'hour' : days === 1 ? 'day' : `${days} days`, buckets };
}
