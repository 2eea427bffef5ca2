/** Metrics as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/. */
import type { Histogram } from './histogram.ts';
import type { Page } from '../grpc/http-pages.ts';
import type { Metric } from './node-metrics.ts';

const PREFIX = 'hongbao_event_node_';

export function metricsPage(metrics: readonly Metric[]): Page {
  const lines = metrics.flatMap(({ name, help, ...metric }) => [
    `# HELP ${PREFIX}${name} ${help}`,
    `# TYPE ${PREFIX}${name} ${metric.type}`,
    ...(metric.type === 'histogram'
      ? histogramLines(PREFIX + name, metric.value)
      : [`${PREFIX}${name} ${metric.value}`]),
  ]);
  return { status: 200, contentType: 'text/plain; version=0.0.4', body: `${lines.join('\n')}\n` };
}

/** Each bucket counts all that is at most its bound, the smaller ones included. */
function histogramLines(name: string, { bounds, counts, sum }: Histogram): readonly string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return `${name}_bucket{le="${bounds[index] ?? '+Inf'}"} ${total}`;
  });
  return [...buckets, `${name}_sum ${sum}`, `${name}_count ${total}`];
}
