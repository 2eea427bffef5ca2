/** Metrics as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/. */
import type { Histogram } from './histogram.ts';
import type { Metric, Sample } from './metric.ts';

export const prometheusContentType = 'text/plain; version=0.0.4';

/** All metrics, each name with `prefix` in front, with a line break at the end. */
export function prometheusText(prefix: string, metrics: readonly Metric[]): string {
  const lines = metrics.flatMap((metric) => [
    `# HELP ${prefix}${metric.name} ${metric.help}`,
    `# TYPE ${prefix}${metric.name} ${metric.type}`,
    ...linesOf(prefix + metric.name, metric),
  ]);
  return `${lines.join('\n')}\n`;
}

function linesOf(name: string, metric: Metric): readonly string[] {
  if (metric.type === 'histogram') {
    return samplesOf<Histogram>(metric).flatMap((sample) => histogramLines(name, sample));
  }
  return samplesOf<number>(metric).map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
}

function samplesOf<Value>(
  metric: { readonly value: Value } | { readonly samples: readonly Sample<Value>[] },
): readonly Sample<Value>[] {
  return 'samples' in metric ? metric.samples : [{ labels: {}, value: metric.value }];
}

/** Each bucket counts all that is at most its bound, the smaller ones included. */
function histogramLines(name: string, { labels, value }: Sample<Histogram>): readonly string[] {
  const { bounds, counts, sum } = value;
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return `${name}_bucket${labelText({ ...labels, le: `${bounds[index] ?? '+Inf'}` })} ${total}`;
  });
  return [...buckets, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${total}`];
}

function labelText(labels: Sample<unknown>['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** What would end a label's value or its line, as the format wants it. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
