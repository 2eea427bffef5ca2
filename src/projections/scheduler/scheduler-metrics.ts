import { Histogram } from '../../runtime/metrics/histogram.ts';
import type { Metric } from '../../runtime/metrics/metric.ts';
import type { LatenessSnapshot } from './lateness.ts';
import type { SchedulerStatus } from './refund-scheduler.ts';

/** What a scheduler counts, as metrics. */
export function schedulerMetrics(status: SchedulerStatus): readonly Metric[] {
  const gauge = (name: string, help: string, value: number): Metric => ({
    type: 'gauge',
    name: `scheduler_${name}`,
    help,
    value,
  });
  return [
    gauge('pending', 'Packets, of all shards, that are not ended yet.', status.pending),
    gauge('due', 'Of these: those whose second has come.', status.due),
    gauge('in_flight', 'Refunds under way in this process.', status.inFlight),
    gauge('shards', 'Shards that this process looks after.', status.shards.length),
    gauge('paused', 'Whether the clock has jumped and nothing is refunded.', Number(status.paused)),
    {
      type: 'histogram',
      name: 'scheduler_refund_lateness_seconds',
      help: 'How long after their second refunds were durable.',
      value: histogramOf(status.lateness),
    },
  ];
}

function histogramOf({ buckets, sumMs }: LatenessSnapshot): Histogram {
  const bounds = buckets.map(({ boundMs }) => boundMs / 1_000).filter(Number.isFinite);
  const histogram = new Histogram(bounds);
  for (const [index, { count }] of buckets.entries()) histogram.counts[index] = count;
  histogram.sum = sumMs / 1_000;
  return histogram;
}
