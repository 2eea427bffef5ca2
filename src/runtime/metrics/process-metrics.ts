import type { Metric } from './metric.ts';

/** What this process takes of its machine. */
export function processMetrics(): readonly (Metric & {
  readonly type: 'counter' | 'gauge';
  readonly value: number;
})[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    {
      type: 'gauge',
      name: 'resident_memory_bytes',
      help: 'Memory of the process, mapped pages included.',
      value: rss,
    },
    { type: 'gauge', name: 'heap_used_bytes', help: 'Memory that JavaScript objects take.', value: heapUsed },
    {
      type: 'counter',
      name: 'cpu_seconds_total',
      help: 'CPU time of the process.',
      value: (user + system) / 1e6,
    },
  ];
}
