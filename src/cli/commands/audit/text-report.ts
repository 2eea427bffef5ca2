import type { MoneyTerms } from '../../../domain/ledger/money-rules.ts';
import { imbalanceFen } from '../../../domain/ledger/money-rules.ts';
import { formatYuan } from '../../../domain/money.ts';
import { count } from '../../progress.ts';
import type { AuditReport, RuleState } from './audit-report.ts';
import { differenceCount, readModelRule, ruleStates } from './audit-report.ts';
import { skipSentence } from './skip-sentence.ts';
import { visible } from './visible.ts';

/** A report for a terminal, without a line break at its end. */
export function textReport(report: AuditReport): string {
  const lines = [
    `Audited ${count(report.events)} events up to position ${report.position}.`,
    '',
    ...balanceLines(report.terms),
    '',
    ...ruleStates(report).flatMap((rule) => ruleLines(rule, report)),
  ];
  const unlisted = report.violationCount - report.violations.length;
  if (unlisted > 0) lines.push(`        and ${count(unlisted)} more that are not listed`);
  lines.push(...report.skipped.map((skip) => `note    ${visible(skipSentence(skip))}`));
  return lines.join('\n');
}

const words: Record<RuleState['state'], string> = {
  ok: 'ok    ',
  broken: 'BROKEN',
  'not checked': '-     ',
};

function ruleLines({ rule, statement, state }: RuleState, report: AuditReport): string[] {
  const found = report.violations
    .filter((violation) => violation.rule === rule)
    .map(({ position, stream, detail }) => `at ${position} in ${stream}: ${detail}`);
  const rows =
    rule === readModelRule
      ? (report.differences ?? []).map(
          ({ projection, table, onlyIn, row }) => `${projection}.${table}, only in ${onlyIn}: ${row}`,
        )
      : [];
  const unlisted = differenceCount(report) - rows.length;
  if (rule === readModelRule && unlisted > 0) {
    rows.push(`and ${count(unlisted)} more rows: --differences all lists them`);
  }
  return [
    `${words[state]}  rule ${rule}: ${statement}${state === 'not checked' ? ' (not checked)' : ''}`,
    ...[...found, ...rows].map((line) => `        ${visible(line)}`),
  ];
}

/** Rule 1, term by term: what came in from outside is what is held somewhere. */
export function balanceLines(terms: MoneyTerms): string[] {
  const rows: [string, number][] = [
    ['in wallets', terms.walletsFen],
    ['+ under way to packets', terms.fundsUnderWayFen],
    ['+ in open packets', terms.openPacketsFen],
    ['+ credits under way', terms.creditsUnderWayFen],
    ['= held', terms.walletsFen + terms.fundsUnderWayFen + terms.openPacketsFen + terms.creditsUnderWayFen],
    ['deposited', terms.depositedFen],
    ['- withdrawn', terms.withdrawnFen],
    ['= due', terms.depositedFen - terms.withdrawnFen],
    ['held - due', imbalanceFen(terms)],
  ];
  return rows.map(([label, fen]) => `${label.padEnd(24)}${formatYuan(fen).padStart(16)} yuan`);
}
