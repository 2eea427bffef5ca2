import { count } from '../../progress.ts';
import { type AuditReport, differenceCount, isClean, type RuleState, ruleStates } from './audit-report.ts';
import { Html, html } from './html.ts';
import { eventsSection, moneyFlowSection, packetsSection } from './html-charts.ts';
import { moneySection } from './html-money.ts';
import { readModelsSection } from './html-read-models.ts';
import { reportStyle } from './report-style.ts';
import { time } from './units.ts';

/**
 * A report as one HTML page that needs nothing else: no script, no address of anything, all styles and drawings in
 * it. Every text of the log is escaped, and the page's own policy lets nothing be loaded or run.
 */
export function htmlReport(report: AuditReport): string {
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>hongbao audit: ${isClean(report) ? 'clean' : 'broken'}</title>
<style>${new Html(reportStyle)}</style>
</head>
<body>
${head(report)}
<main>
${rulesSection(report)}
${violationsSection(report)}
${moneySection(report.terms)}
${moneyFlowSection(report.statistics)}
${packetsSection(report.statistics)}
${eventsSection(report.statistics)}
${readModelsSection(report)}
</main>
<footer><p>Made by hongbao audit. Times are UTC, by the clocks that recorded the events.</p></footer>
</body>
</html>`;
  return text;
}

function head(report: AuditReport): Html {
  const clean = isClean(report);
  const { hours } = report.statistics;
  const facts: [string, string][] = [
    ['Events', count(report.events)],
    ['Up to position', report.position],
    ['First hour', timeOrNone(hours[0]?.startMs)],
    ['Last hour', timeOrNone(hours.at(-1)?.startMs)],
    ['Audited at', time(report.auditedAtMs)],
  ];
  return html`<header>
<h1>Audit of the log</h1>
<p class="quiet">The rules of money and messages, checked over every event, and the read models against them.</p>
<div class="verdict ${clean ? 'ok' : 'broken'}"><span class="sign" aria-hidden="true">${clean ? '✓' : '✗'}</span>
<div><strong>${clean ? 'Clean' : 'Broken'}</strong>
<p>${verdict(report)}</p></div></div>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

/** What was found, in a sentence or two. */
function verdict(report: AuditReport): string {
  const rules = ruleStates(report);
  const inState = (state: RuleState['state']) =>
    rules.filter((rule) => rule.state === state).map(({ rule }) => rule);
  const unchecked = inState('not checked');
  const found = isClean(report)
    ? `Every rule that was checked holds, all ${rules.length - unchecked.length} of them.`
    : `Broken rules: ${inState('broken').join(', ')}. Violations in the log: ${count(report.violationCount)}. Differing rows: ${count(differenceCount(report))}.`;
  return unchecked.length === 0 ? found : `${found} Not checked: rule ${unchecked.join(', ')}.`;
}

const timeOrNone = (timeMs: number | undefined) => (timeMs === undefined ? '-' : time(timeMs));

const chips: Record<RuleState['state'], readonly [className: string, text: string]> = {
  ok: ['ok', '✓ holds'],
  broken: ['broken', '✗ broken'],
  'not checked': ['unchecked', '– not checked'],
};

function rulesSection(report: AuditReport): Html {
  return html`<section aria-labelledby="rules"><h2 id="rules">Rules</h2>
<table><thead><tr><th scope="col">Rule</th><th scope="col">State</th><th scope="col">What must hold</th><th scope="col" class="number">Found</th></tr></thead>
<tbody>${ruleStates(report).map(({ rule, statement, state, found }) => {
    const [className, text] = chips[state];
    return html`<tr><th scope="row">${rule}</th><td><span class="chip ${className}">${text}</span></td><td>${statement}</td><td class="number">${state === 'not checked' ? '-' : count(found)}</td></tr>`;
  })}</tbody></table></section>`;
}

/** The log's violations, by rule. Those of rule 8 stand with the read models. */
function violationsSection(report: AuditReport): Html | undefined {
  const { violations, violationCount } = report;
  if (violations.length === 0) return undefined;
  const unlisted = violationCount - violations.length;
  return html`<section aria-labelledby="violations"><h2 id="violations">Violations</h2>
<p class="quiet">Each with the event that broke the rule or, where something is missing, the one that it should have followed.</p>
${ruleStates(report).map(({ rule, statement }) => {
  const found = violations.filter((violation) => violation.rule === rule);
  if (found.length === 0) return undefined;
  return html`<details open><summary>Rule ${rule}: ${statement} (${count(found.length)})</summary>
<div class="scroll"><table class="wide"><thead><tr><th scope="col" class="number">Position</th><th scope="col">Stream</th><th scope="col">What is wrong</th></tr></thead>
<tbody>${found.map(
    ({ position, stream, detail }) =>
      html`<tr><td class="number">${position}</td><td class="log"><bdi>${stream}</bdi></td><td class="log"><bdi>${detail}</bdi></td></tr>`,
  )}</tbody></table></div></details>`;
})}
${unlisted > 0 ? html`<p>And ${count(unlisted)} more that are not listed.</p>` : undefined}
</section>`;
}
