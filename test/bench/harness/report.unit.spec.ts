import { expect, it } from 'vitest';
import { defineBench } from '../../../bench/harness/bench.ts';
import { reportLines } from '../../../bench/harness/print-report.ts';
import { atMost, exactly } from '../../../bench/harness/report.ts';

const bench = defineBench({
  name: 'sample',
  measures: 'nothing',
  options: { runs: { default: 2, min: 1, means: 'runs' } },
  run: async ({ runs }) => ({
    config: { runs },
    figures: { perSecond: 1234.56, ofRuns: [1, 2] },
    peers: { other: { perSecond: 617.28, onlyTheirs: 5 } },
    targets: [atMost('bytes', 5_000, 4_096), exactly('faults', 0, 0)],
  }),
});

it('a report has exactly the parts that its readers rely on', async () => {
  const report = await bench.prepare(['--runs', '3']).run(() => undefined);
  expect(Object.keys(report)).toEqual(['bench', 'machine', 'config', 'figures', 'peers', 'targets']);
  expect(Object.keys(report.machine)).toEqual(
    expect.arrayContaining(['cpu', 'cores', 'memoryBytes', 'node', 'platform', 'kernel']),
  );
  expect(report.config).toEqual({ runs: 3 });
  expect(report.targets).toEqual([
    { name: 'bytes', target: '<= 4096', value: 5_000, met: false },
    { name: 'faults', target: '= 0', value: 0, met: true },
  ]);
});

it('the table holds every figure of ours and of the peers, and says what was missed', async () => {
  const lines = reportLines(await bench.prepare([]).run(() => undefined));
  const cells = lines.map((line) => line.split(/ {2,}/));
  expect(cells).toContainEqual(['figure', 'hongbao', 'other']);
  expect(cells).toContainEqual(['perSecond', '1,235', '617.28']);
  expect(cells).toContainEqual(['ofRuns', '1 2']);
  expect(cells).toContainEqual(['onlyTheirs', '5']);
  expect(lines).toContain('MISSED  bytes: 5,000 (target <= 4096)');
  expect(lines).toContain('met     faults: 0 (target = 0)');
});
