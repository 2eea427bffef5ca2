/** The style sheet of the HTML report: light, dark, narrow and on paper. Nothing is loaded from anywhere. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f5f2; --card: #ffffff; --ink: #16150f; --quiet: #5d5b53; --line: #e3e1da; --hover: rgb(0 0 0 / 5%);
  --s1: #2a78d6; --s2: #d9662b; --s3: #1a9c70; --s4: #7a5bd0;
  --good: #0b7a2b; --good-back: #e3f4e6; --bad: #b3261e; --bad-back: #fdeaea; --none-back: #eceae4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #151513; --card: #1e1e1b; --ink: #f1efe8; --quiet: #a9a69b; --line: #35342f; --hover: rgb(255 255 255 / 6%);
    --s1: #4b93ea; --s2: #e8824d; --s3: #2fb286; --s4: #a08bea;
    --good: #6fd48a; --good-back: #16301d; --bad: #ff9a90; --bad-back: #3b1a18; --none-back: #2b2a26;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: .9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main, header, footer { max-width: 60rem; margin: 0 auto; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 0 0 .25rem; }
h3 { font-size: .95rem; margin: 1.25rem 0 .25rem; }
p { margin: 0 0 .75rem; }
.quiet { color: var(--quiet); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.5rem; margin-top: 1.25rem; }
.verdict { display: flex; gap: 1rem; align-items: center; margin-top: 1.25rem; padding: 1.1rem 1.5rem; border-radius: 12px; }
.verdict strong { display: block; font-size: 1.2rem; }
.verdict .sign { font-size: 1.8rem; line-height: 1; }
.ok { background: var(--good-back); color: var(--good); }
.broken { background: var(--bad-back); color: var(--bad); }
.unchecked { background: var(--none-back); color: var(--quiet); }
.verdict p { margin: 0; color: var(--ink); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem 1rem; margin: 1.25rem 0 0; padding: 0; }
.facts dt { color: var(--quiet); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.05rem; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); font-size: .85rem; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--quiet); font-size: .8rem; font-weight: 500; }
tbody th { font-weight: 500; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.total th, .total td { font-weight: 700; }
.chip { display: inline-block; padding: .05rem .6rem; border-radius: 99px; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 3px; margin-right: .5rem; }
.b1 { background: var(--s1); } .b2 { background: var(--s2); } .b3 { background: var(--s3); } .b4 { background: var(--s4); }
.s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); } .s4 { fill: var(--s4); }
.scroll { overflow-x: auto; }
.chart { display: block; width: 100%; min-width: 34rem; height: auto; margin: .5rem 0; }
.chart text { fill: var(--quiet); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); } .axis { stroke: var(--quiet); }
.area { fill: transparent; } .hit:hover .area { fill: var(--hover); } .stack .hit:hover { opacity: .8; }
.stack { display: block; width: 100%; height: 28px; border-radius: 5px; background: var(--none-back); margin: .15rem 0 .75rem; }
.cell { display: block; width: 100%; height: 10px; margin-top: .45rem; border-radius: 3px; }
.bar { width: 55%; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .85rem; color: var(--quiet); }
code, .log { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
td.log { min-width: 9rem; }
details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--quiet); font-size: .9rem; }
summary:focus-visible { outline: 2px solid var(--s1); outline-offset: 3px; border-radius: 3px; }
footer { margin-top: 1.25rem; color: var(--quiet); font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding: 1.25rem .6rem 2rem; } section { padding: 1rem; } .bar { width: 30%; }
  th, td { padding-right: .5rem; } .wide { min-width: 34rem; }
}
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --quiet: #444; --line: #ccc; color-scheme: light; font-size: 11px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { padding: 0; }
  section { border: 0; padding: 0; margin-top: 1.5rem; }
  h2, h3, .chart, .stack, tr { break-inside: avoid; break-after: avoid; }
  tr { break-after: auto; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
