import type pg from 'pg';
import type { EventLog } from '../commands/event-log.ts';
import type { WriteSide } from '../commands/write-side.ts';
import { projectionMetrics } from '../projections/projection-metrics.ts';
import type { ProjectionRunner } from '../projections/runner.ts';
import type { RefundScheduler } from '../projections/scheduler/refund-scheduler.ts';
import { schedulerMetrics } from '../projections/scheduler/scheduler-metrics.ts';
import type { Metric } from '../runtime/metrics/metric.ts';
import { processMetrics } from '../runtime/metrics/process-metrics.ts';
import type { Runtime } from '../runtime/runtime.ts';

export interface MetricsParts {
  readonly eventLog: Pick<EventLog, 'head'>;
  readonly pool: pg.Pool;
  readonly runner: Pick<ProjectionRunner, 'status' | 'counters'>;
  /** Absent in a process without that role. */
  readonly scheduler: Pick<RefundScheduler, 'status'> | undefined;
  readonly writeSide: Pick<WriteSide, 'processManagers'>;
  readonly runtime: Pick<Runtime, 'clock'>;
}

/** The numbers of one process. What cannot be asked for now (a database that starts) is left out. */
export function appMetrics(parts: MetricsParts): () => Promise<readonly Metric[]> {
  const { eventLog, pool, runner, scheduler, writeSide, runtime } = parts;
  return async () => {
    const groups = await Promise.allSettled([
      projectionMetrics({ log: eventLog, pool, runner, clock: runtime.clock }),
      scheduler?.status().then(schedulerMetrics),
    ]);
    const asked = groups.flatMap((group) => (group.status === 'fulfilled' ? (group.value ?? []) : []));
    return [...asked, ...processManagerMetrics(writeSide), ...processMetrics()];
  };
}

function processManagerMetrics(writeSide: Pick<WriteSide, 'processManagers'>): readonly Metric[] {
  const managers = writeSide.processManagers();
  const gauge = (
    name: string,
    help: string,
    measure: (one: (typeof managers)[number]) => number,
  ): Metric => ({
    type: 'gauge',
    name: `process_manager_${name}`,
    help,
    samples: managers.map((one) => ({ labels: { name: one.name }, value: measure(one) })),
  });
  return [
    gauge('following', 'Whether this process runs it.', ({ following }) => Number(following)),
    gauge('position', 'Everything up to here is finished.', ({ position }) => Number(position)),
    gauge('in_flight', 'Events that it works on.', ({ inFlight }) => inFlight),
    gauge('failing', 'Whether an event fails again and again.', ({ poison }) => Number(poison !== undefined)),
  ];
}
