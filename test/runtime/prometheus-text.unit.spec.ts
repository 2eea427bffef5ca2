import { expect, it } from 'vitest';
import { Histogram } from '../../src/runtime/metrics/histogram.ts';
import { prometheusText } from '../../src/runtime/metrics/prometheus-text.ts';

it('gives each sample of a metric its labels, and every bucket those of its histogram', () => {
  const value = new Histogram([1]);
  for (const events of [1, 5]) value.observe(events);
  const text = prometheusText('app_', [
    {
      name: 'position',
      help: 'Where.',
      type: 'gauge',
      samples: [
        { labels: { projection: 'wallet', partition: 0 }, value: 7 },
        { labels: { projection: 'wallet', partition: 1 }, value: 9 },
      ],
    },
    {
      name: 'batch',
      help: 'Sizes.',
      type: 'histogram',
      samples: [{ labels: { projection: 'wallet' }, value }],
    },
  ]);
  expect(text).toBe(`# HELP app_position Where.
# TYPE app_position gauge
app_position{projection="wallet",partition="0"} 7
app_position{projection="wallet",partition="1"} 9
# HELP app_batch Sizes.
# TYPE app_batch histogram
app_batch_bucket{projection="wallet",le="1"} 1
app_batch_bucket{projection="wallet",le="+Inf"} 2
app_batch_sum{projection="wallet"} 6
app_batch_count{projection="wallet"} 2
`);
});

it('escapes what would end a label or its line: an error of a database holds anything', () => {
  const text = prometheusText('', [
    {
      name: 'stopped',
      help: 'Why.',
      type: 'gauge',
      samples: [{ labels: { error: 'a "b" \\ c\nd' }, value: 1 }],
    },
  ]);
  expect(text).toContain('stopped{error="a \\"b\\" \\\\ c\\nd"} 1\n');
});
