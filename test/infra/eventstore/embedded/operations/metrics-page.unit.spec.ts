import { expect, test } from 'vitest';
import { Histogram } from '../../../../../src/runtime/metrics/histogram.ts';
import { metricsPage } from '../../../../../infra/eventstore/embedded/operations/metrics-page.ts';
import { metricsOf, NodeMetrics } from '../../../../../infra/eventstore/embedded/operations/node-metrics.ts';

test('metrics are written as Prometheus reads them', () => {
  const value = new Histogram([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) value.observe(seconds);
  const page = metricsPage([
    { name: 'things_total', help: 'Things.', type: 'counter', value: 3 },
    { name: 'wait_seconds', help: 'Waits.', type: 'histogram', value },
  ]);
  expect(page.contentType).toBe('text/plain; version=0.0.4');
  expect(page.body).toBe(`# HELP hongbao_event_node_things_total Things.
# TYPE hongbao_event_node_things_total counter
hongbao_event_node_things_total 3
# HELP hongbao_event_node_wait_seconds Waits.
# TYPE hongbao_event_node_wait_seconds histogram
hongbao_event_node_wait_seconds_bucket{le="0.1"} 2
hongbao_event_node_wait_seconds_bucket{le="1"} 3
hongbao_event_node_wait_seconds_bucket{le="+Inf"} 4
hongbao_event_node_wait_seconds_sum 7.65
hongbao_event_node_wait_seconds_count 4
`);
});

test('every metric has a name of its own, in the form that names have', () => {
  const metrics = metricsOf(new NodeMetrics(), 7);
  const names = metrics.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type } of metrics) {
    expect(name).toMatch(/^[a-z][a-z_]*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
  }
});

test('commits are counted with what they wrote and how long they took', () => {
  const metrics = new NodeMetrics();
  metrics.committed({ writes: 2, events: 5, bytes: 100, durationMs: 3 });
  metrics.committed({ writes: 1, events: 1, bytes: 10, durationMs: 2_000 });
  const found = new Map(metricsOf(metrics, 6).map(({ name, value }) => [name, value]));
  expect(found.get('writes_total')).toBe(3);
  expect(found.get('written_events_total')).toBe(6);
  expect(found.get('written_bytes_total')).toBe(110);
  expect(found.get('position')).toBe(6);
  expect(metrics.commitSeconds.counts.at(-1)).toBe(1);
  expect(metrics.commitSeconds.sum).toBeCloseTo(2.003);
});
