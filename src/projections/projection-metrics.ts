import type pg from 'pg';
import type { EventLog, Position } from '../commands/event-log.ts';
import type { Metric, Sample } from '../runtime/metrics/metric.ts';
import type { Clock } from '../runtime/runtime.ts';
import { earliest } from './earliest.ts';
import type { ProjectionCounters } from './projection-counters.ts';
import { readStoredStatus, type StoredStatus } from './read-status.ts';
import type { ProjectionRunner, ProjectionStatus } from './runner.ts';
import { stopsOf } from './stop.ts';

interface MetricsDeps {
  readonly log: Pick<EventLog, 'head'>;
  readonly pool: pg.Pool;
  readonly runner: Pick<ProjectionRunner, 'status' | 'counters'>;
  readonly clock: Clock;
}

/** How the read models of this process are doing, and the rebuilds of any. Throws what log and database throw. */
export async function projectionMetrics({
  log,
  pool,
  runner,
  clock,
}: MetricsDeps): Promise<readonly Metric[]> {
  // The head first: what is read after it may be further, and is then not behind.
  const head = await log.head();
  const stored = await readStoredStatus(pool);
  const statuses = runner.status();
  return [
    {
      type: 'gauge',
      name: 'log_position',
      help: "The newest event's position in the log.",
      value: Number(head),
    },
    ...partitionMetrics(statuses, head, clock.nowMs()),
    ...counterMetrics(runner.counters()),
    ...rebuildMetrics(stored, head),
  ];
}

function partitionMetrics(
  statuses: readonly ProjectionStatus[],
  head: Position,
  nowMs: number,
): readonly Metric[] {
  const gauge = (name: string, help: string, measure: (status: ProjectionStatus) => number): Metric => ({
    type: 'gauge',
    name: `projection_${name}`,
    help,
    samples: statuses.map((status) => ({
      labels: { projection: status.projection, partition: status.partition },
      value: measure(status),
    })),
  });
  return [
    gauge('position', 'Reads show everything up to here.', ({ reached }) => Number(reached)),
    gauge('lag_positions', 'How far that is behind the log.', ({ reached }) => Number(behind(reached, head))),
    gauge(
      'lag_seconds',
      'The age of the oldest event that was read and is not in the rows; 0: none.',
      (status) =>
        status.waitingSinceMs === undefined ? 0 : Math.max(0, nowMs - status.waitingSinceMs) / 1_000,
    ),
    gauge('running', 'Whether it goes on; 0: it stands still, or waits for the database.', ({ state }) =>
      Number(state === 'running'),
    ),
    {
      type: 'gauge',
      name: 'projection_queued_events',
      help: 'Events that were read and are not written yet.',
      samples: [...new Map(statuses.map(({ projection, queuedEvents }) => [projection, queuedEvents]))].map(
        ([projection, value]) => ({ labels: { projection }, value }),
      ),
    },
    {
      type: 'gauge',
      name: 'projection_stopped',
      help: 'Partitions that stand still, each with the reason, and the event where it is one.',
      samples: statuses.flatMap(stopsOf).map((stop) => ({ labels: { ...stop }, value: 1 })),
    },
  ];
}

function counterMetrics(counters: ReadonlyMap<string, ProjectionCounters>): readonly Metric[] {
  const samples = <Value>(measure: (one: ProjectionCounters) => Value): readonly Sample<Value>[] =>
    [...counters].map(([projection, one]) => ({ labels: { projection }, value: measure(one) }));
  const counter = (name: string, help: string, measure: (one: ProjectionCounters) => number): Metric => ({
    type: 'counter',
    name: `projection_${name}_total`,
    help,
    samples: samples(measure),
  });
  return [
    counter('events', 'Events that were written.', ({ events }) => events),
    counter('transactions', 'Transactions that wrote them.', ({ transactions }) => transactions),
    counter('retries', 'Transactions that failed and were tried again.', ({ retries }) => retries),
    counter('stops', 'Partitions that an event stopped.', ({ stops }) => stops),
    {
      type: 'histogram',
      name: 'projection_batch_events',
      help: 'Events in one transaction.',
      samples: samples(({ batchEvents }) => batchEvents),
    },
  ];
}

/** A generation that is being filled, by whatever process, is as far as its most backward partition. */
function rebuildMetrics(stored: readonly StoredStatus[], head: Position): readonly Metric[] {
  const positions = new Map<string, { readonly labels: Sample<number>['labels']; position: Position }>();
  for (const { projection, generation, state, position } of stored) {
    if (state !== 'shadow') continue;
    const key = `${projection}/${generation}`;
    const known = positions.get(key) ?? { labels: { projection, generation }, position };
    positions.set(key, { ...known, position: earliest(known.position, position) });
  }
  const gauge = (name: string, help: string, measure: (position: Position) => number): Metric => ({
    type: 'gauge',
    name,
    help,
    samples: [...positions.values()].map(({ labels, position }) => ({ labels, value: measure(position) })),
  });
  return [
    gauge('rebuild_position', 'How far a generation that is being filled is.', Number),
    gauge('rebuild_lag_positions', 'How far that is behind the log.', (position) =>
      Number(behind(position, head)),
    ),
  ];
}

function behind(position: Position, head: Position): Position {
  return position < head ? head - position : 0n;
}
