import { allProjections } from '../../../projections/all-projections.ts';
import type { RowDifference } from '../../../projections/rebuild/compare.ts';
import { count } from '../../progress.ts';
import { type AuditReport, differenceCount } from './audit-report.ts';
import type { TableDifferences } from './difference-list.ts';
import { type Html, html } from './html.ts';
import { skipSentence } from './skip-sentence.ts';

/** Rule 8, table by table. `undefined`: the read models were not looked at. */
export function readModelsSection({
  differences,
  differing = [],
  skipped,
}: Pick<AuditReport, 'differences' | 'differing' | 'skipped'>): Html {
  const tables = allProjections.flatMap((projection) =>
    projection.tables.map((table) => ({ projection: projection.name, table })),
  );
  return html`<section aria-labelledby="models"><h2 id="models">Read models against a replay</h2>
${
  differences === undefined
    ? html`<p class="quiet">Not looked at: the audit was told to leave them out.</p>`
    : html`<p class="quiet">Rule 8. ${listedSentence(differences.length, differenceCount({ differing }))}</p>
<div class="scroll"><table class="wide"><thead><tr><th scope="col">Read model</th><th scope="col">Table</th><th scope="col">State</th><th scope="col" class="number">Only live</th><th scope="col" class="number">Only in the replay</th></tr></thead>
<tbody>${tables.map(({ projection, table }) =>
        tableRow(
          projection,
          table,
          differing.find((one) => one.projection === projection && one.table === table),
        ),
      )}</tbody></table></div>${differingRows(differences)}`
}${skippedEvents(skipped)}</section>`;
}

function skippedEvents(skipped: AuditReport['skipped']): Html | undefined {
  if (skipped.length === 0) return undefined;
  return html`<p class="quiet">Left out by operators:</p>
<ul>${skipped.map((skip) => html`<li class="log"><bdi>${skipSentence(skip)}</bdi></li>`)}</ul>`;
}

function listedSentence(listed: number, all: number): string {
  if (all === 0) return 'No row differs.';
  if (listed === all) return `All ${count(all)} rows that differ are listed.`;
  return `Of ${count(all)} rows that differ ${count(listed)} are listed: hongbao audit --differences all lists every one.`;
}

function tableRow(projection: string, table: string, found: TableDifferences | undefined): Html {
  const state =
    found === undefined
      ? html`<span class="chip ok">✓ equal</span>`
      : html`<span class="chip broken">✗ differs</span>`;
  return html`<tr><td>${projection}</td><th scope="row">${table}</th><td>${state}</td><td class="number">${count(found?.onlyInLive ?? 0)}</td><td class="number">${count(found?.onlyInReplay ?? 0)}</td></tr>`;
}

function differingRows(differences: readonly RowDifference[]): Html | undefined {
  if (differences.length === 0) return undefined;
  return html`<details open><summary>The differing rows</summary>
<div class="scroll"><table class="wide"><thead><tr><th scope="col">Table</th><th scope="col">Only in</th><th scope="col">Row</th></tr></thead>
<tbody>${differences.map(
    ({ projection, table, onlyIn, row }) =>
      html`<tr><td>${projection}.${table}</td><td>${onlyIn === 'live' ? 'live tables' : 'replay'}</td><td class="log"><bdi>${row}</bdi></td></tr>`,
  )}</tbody></table></div></details>`;
}
