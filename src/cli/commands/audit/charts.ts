import { type Html, html } from './html.ts';

/** Colours of series, by the classes of the style sheet; never the only thing that tells two apart. */
export type Series = 1 | 2 | 3 | 4;

export interface Column {
  /** What stands under it. */
  readonly label: string;
  /** All of it in words, shown when it is pointed at. */
  readonly title: string;
  readonly up: number;
  /** Drawn below the line; 0 for charts that have no such thing. */
  readonly down?: number;
}

export interface Segment {
  readonly label: string;
  readonly value: number;
  readonly series: Series;
}

const width = 760;
const height = 220;
const plot = { left: 64, right: width - 8, top: 12, bottom: height - 28 };
const columnWidthMax = 44;
const gap = 2;
/** Of the labels' 12 px digits and letters, with room to the next label. */
const characterWidth = 6.6;
const labelGap = 14;
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** Columns over an axis, as SVG. `name` says what is drawn; the numbers belong into a table beside it. */
export function columnChart(name: string, columns: readonly Column[]): Html {
  const upMax = Math.max(0, ...columns.map(({ up }) => up));
  const downMax = Math.max(0, ...columns.map(({ down = 0 }) => down));
  const step = niceStep(upMax + downMax);
  const highest = Math.max(step, Math.ceil(upMax / step) * step);
  const lowest = -Math.ceil(downMax / step) * step;
  const y = (value: number): number =>
    plot.bottom - ((value - lowest) / (highest - lowest)) * (plot.bottom - plot.top);
  const slot = (plot.right - plot.left) / Math.max(1, columns.length);
  const ticks = Array.from(
    { length: Math.round((highest - lowest) / step) + 1 },
    (_, index) => lowest + index * step,
  );
  const longest = Math.max(0, ...columns.map(({ label }) => label.length));
  const everyLabel = Math.ceil((longest * characterWidth + labelGap) / slot);
  return html`<div class="scroll"><svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">
${ticks.map((value) => gridline(y(value), compact.format(Math.abs(value)), value === 0))}
${columns.map((column, index) => columnMarks(column, plot.left + index * slot, slot, y))}
${columns.map(({ label }, index) =>
  index % everyLabel === 0
    ? html`<text x="${round(plot.left + (index + 0.5) * slot)}" y="${height - 8}" text-anchor="middle">${label}</text>`
    : undefined,
)}
</svg></div>`;
}

function gridline(y: number, label: string, isZero: boolean): Html {
  return html`<line class="${isZero ? 'axis' : 'grid'}" x1="${plot.left}" x2="${plot.right}" y1="${round(y)}" y2="${round(y)}"/><text x="${plot.left - 8}" y="${round(y + 4)}" text-anchor="end">${label}</text>`;
}

function columnMarks(
  { title, up, down = 0 }: Column,
  left: number,
  slot: number,
  y: (value: number) => number,
): Html {
  const columnWidth = Math.max(1, Math.min(columnWidthMax, slot - gap));
  const x = round(left + (slot - columnWidth) / 2);
  const mark = (series: Series, from: number, to: number): Html | undefined =>
    from === to
      ? undefined
      : html`<rect class="s${series}" x="${x}" y="${round(y(Math.max(from, to)))}" width="${round(columnWidth)}" height="${round(Math.max(1, Math.abs(y(from) - y(to))))}" rx="${columnWidth > 8 ? 2 : 0}"/>`;
  // The whole height can be pointed at, since a small column could not.
  return html`<g class="hit"><title>${title}</title><rect class="area" x="${round(left)}" y="${plot.top}" width="${round(slot)}" height="${plot.bottom - plot.top}"/>${mark(1, 0, up)}${mark(2, 0, -down)}</g>`;
}

/** One bar of several parts, to be compared with others of the same `scale`, as SVG. */
export function stackedBar(name: string, segments: readonly Segment[], scale: number): Html {
  const shown = segments.filter(({ value }) => value > 0);
  const starts = shown.map((_, index) => shown.slice(0, index).reduce((sum, { value }) => sum + value, 0));
  const x = (value: number): number => (scale <= 0 ? 0 : (value / scale) * width);
  return html`<svg class="stack" viewBox="0 0 ${width} 28" preserveAspectRatio="none" role="img" aria-label="${name}">
${shown.map(({ label, value, series }, index) => {
  const start = x(starts[index] ?? 0);
  const isLast = index === shown.length - 1;
  return html`<g class="hit"><title>${label}</title><rect class="s${series}" x="${round(start)}" y="0" height="28" width="${round(Math.max(1, x(value) - (isLast ? 0 : gap)))}"/></g>`;
})}
</svg>`;
}

/** A bar for one cell of a table that has the number beside it, as SVG. `share` is 0 to 1. */
export function cellBar(share: number, series: Series = 1): Html {
  const length = share <= 0 ? 0 : Math.max(0.5, Math.min(1, share) * 100);
  return html`<svg class="cell" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="s${series}" width="${round(length)}" height="10"/></svg>`;
}

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into about four. Whole numbers only. */
function niceStep(range: number): number {
  const rough = Math.max(1, range / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
  return Math.max(1, step * power);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
