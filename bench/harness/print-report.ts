import type { Figures, Report } from './report.ts';
import { table } from './table.ts';

/** The report as lines for people. */
export function reportLines(report: Report): string[] {
  const { machine, config, figures, peers, targets } = report;
  const gib = (machine.memoryBytes / 2 ** 30).toFixed(1);
  const peerNames = Object.keys(peers);
  return [
    `${report.bench}`,
    `  ${machine.cpu}, ${machine.cores} cores, ${gib} GiB, Node ${machine.node}, ${machine.platform}, ` +
      `kernel ${machine.kernel}, load ${machine.loadAverage.join(' ')}`,
    `  ${Object.entries(config)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    '',
    ...table(
      ['figure', 'hongbao', ...peerNames],
      namesOf([figures, ...Object.values(peers)]).map((name) => [
        name,
        cell(figures[name]),
        ...peerNames.map((peer) => cell(peers[peer]?.[name])),
      ]),
    ),
    ...(targets.length === 0 ? [] : ['']),
    ...targets.map(
      ({ name, target, value, met }) =>
        `${met ? 'met   ' : 'MISSED'}  ${name}: ${format(value)} (target ${target})`,
    ),
  ];
}

function namesOf(all: readonly Figures[]): string[] {
  return [...new Set(all.flatMap((figures) => Object.keys(figures)))];
}

function cell(value: Figures[string] | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return format(value);
  if (typeof value === 'string') return value;
  return value.map(format).join(' ');
}

function format(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 2;
  // A small negative difference rounds to -0, which nobody wants to read.
  return (value === 0 ? 0 : value).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
