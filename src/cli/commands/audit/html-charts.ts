import type { LatenessBucket, LogStatistics } from '../../../domain/ledger/log-statistics.ts';
import { count } from '../../progress.ts';
import { cellBar, columnChart, type Series } from './charts.ts';
import { type Html, html } from './html.ts';
import { timeBuckets } from './time-buckets.ts';
import { date, time, yuan } from './units.ts';

/** How many events there are, over time and by type. */
export function eventsSection({ hours, eventsByType, eventsInFurtherHours }: LogStatistics): Html {
  const { unit, buckets } = timeBuckets(hours);
  const when = unit === 'hour' ? time : date;
  const most = eventsByType[0]?.events ?? 0;
  return html`<section aria-labelledby="events"><h2 id="events">Events by ${unit}</h2>
${columnChart(
  `Events by ${unit}`,
  buckets.map(({ startMs, events }) => ({
    label: shortly(when(startMs), unit),
    title: `${when(startMs)}: ${count(events)} events`,
    up: events,
  })),
)}
${eventsInFurtherHours > 0 ? html`<p>${count(eventsInFurtherHours)} events are not drawn: their times are too far from the others.</p>` : undefined}
${tableBehind(
  ['Begins', 'Events'],
  buckets.filter(({ events }) => events > 0).map(({ startMs, events }) => [when(startMs), count(events)]),
)}
<h3>By type</h3>
<table><thead><tr><th scope="col">Type</th><th scope="col" class="bar"><span aria-hidden="true"></span></th><th scope="col" class="number">Events</th></tr></thead>
<tbody>${eventsByType.map(({ type, events }) => barRow(type, events, most))}</tbody></table></section>`;
}

/** What came in from outside, and what went out again. */
export function moneyFlowSection({ hours }: LogStatistics): Html {
  const { unit, buckets } = timeBuckets(hours);
  const when = unit === 'hour' ? time : date;
  return html`<section aria-labelledby="flow"><h2 id="flow">Money in and out by ${unit}</h2>
<div class="legend"><span><span class="swatch b1" aria-hidden="true"></span>Deposited (up), yuan</span><span><span class="swatch b2" aria-hidden="true"></span>Withdrawn (down), yuan</span></div>
${columnChart(
  `Money deposited and withdrawn by ${unit}, yuan`,
  buckets.map(({ startMs, depositedFen, withdrawnFen }) => ({
    label: shortly(when(startMs), unit),
    title: `${when(startMs)}: deposited ${yuan(depositedFen)}, withdrawn ${yuan(withdrawnFen)} yuan`,
    up: depositedFen / 100,
    down: withdrawnFen / 100,
  })),
)}
${tableBehind(
  ['Begins', 'Deposited, yuan', 'Withdrawn, yuan'],
  buckets
    .filter(({ depositedFen, withdrawnFen }) => depositedFen !== 0 || withdrawnFen !== 0)
    .map(({ startMs, depositedFen, withdrawnFen }) => [
      when(startMs),
      yuan(depositedFen),
      yuan(withdrawnFen),
    ]),
)}</section>`;
}

/** How packets ended, and how late what was left of them went back. */
export function packetsSection({ packetEnds, refundLateness }: LogStatistics): Html {
  const { sent, exhausted, refunded, cancelled } = packetEnds;
  const ends: [string, number, Series][] = [
    ['Taken to the last share', exhausted, 1],
    ['Refunded at expiry', refunded, 2],
    ['Cancelled', cancelled, 4],
    ['Still open', Math.max(0, sent - exhausted - refunded - cancelled), 3],
  ];
  return html`<section aria-labelledby="packets"><h2 id="packets">Packets by their end</h2>
<table><thead><tr><th scope="col">End</th><th scope="col" class="bar"><span aria-hidden="true"></span></th><th scope="col" class="number">Packets</th></tr></thead>
<tbody>${ends.map(([label, packets, series]) => barRow(label, packets, sent, series))}
<tr class="total"><th scope="row">Sent</th><td></td><td class="number">${count(sent)}</td></tr></tbody></table>
<h3>Refunds by how late they were</h3>
<p class="quiet">From the second of expiry to the refund's recorded time.</p>
${columnChart(
  'Refunds by lateness',
  refundLateness.map((bucket, index) => ({
    label: lateness(bucket, refundLateness[index - 1]),
    title: `${lateness(bucket, refundLateness[index - 1])}: ${count(bucket.refunds)} refunds`,
    up: bucket.refunds,
  })),
)}
${tableBehind(
  ['Late', 'Refunds'],
  refundLateness.map((bucket, index) => [lateness(bucket, refundLateness[index - 1]), count(bucket.refunds)]),
)}</section>`;
}

function lateness({ upToMs }: LatenessBucket, before: LatenessBucket | undefined): string {
  return upToMs === null ? `> ${duration(before?.upToMs ?? 0)}` : `≤ ${duration(upToMs)}`;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

/** `02-17 08:00` for an hour, `02-17` for days: the year stands in the table. */
function shortly(when: string, unit: string): string {
  return unit.endsWith('days') ? when : when.slice(5);
}

function barRow(label: string, value: number, whole: number, series: Series = 1): Html {
  const share = whole > 0 ? value / whole : 0;
  return html`<tr><th scope="row">${label}</th><td class="bar">${cellBar(share, series)}</td><td class="number">${count(value)}</td></tr>`;
}

/** The numbers of a chart, for those who do not see it or want them exactly. */
function tableBehind(names: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<details><summary>The numbers</summary><table>
<thead><tr>${names.map((name, index) => html`<th scope="col" class="${index === 0 ? '' : 'number'}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...others]) =>
      html`<tr><th scope="row">${first}</th>${others.map((value) => html`<td class="number">${value}</td>`)}</tr>`,
  )}</tbody></table></details>`;
}
