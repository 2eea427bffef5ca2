import type { EventLog } from '../../commands/event-log.ts';
import { createMoneyAudit } from '../../domain/ledger/money-audit.ts';
import {
  imbalanceFen,
  type MoneyRule,
  type MoneyTerms,
  type MoneyViolation,
  moneyRules,
} from '../../domain/ledger/money-rules.ts';
import { formatYuan } from '../../domain/money.ts';
import { upcast } from '../../domain/upcast.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { exitCodes } from '../cli-error.ts';
import { printLine } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';

export interface AuditReport {
  readonly events: number;
  readonly position: string;
  readonly terms: MoneyTerms;
  /** Violations found among the events; `violations` lists the first of them, and what is missing. */
  readonly violationCount: number;
  readonly violations: readonly MoneyViolation[];
}

/**
 * Checks the money rules over the whole log, from its first event to its head as of now. Knows nothing but the
 * log: no read model is asked.
 */
export async function auditLog(log: EventLog, clock: Clock, progress?: Progress): Promise<AuditReport> {
  const audit = createMoneyAudit();
  const head = await log.head();
  let events = 0;
  let position = -1n;
  for await (const event of log.readAll({ until: head })) {
    const { schemaVersion, timeMs } = event.metadata;
    audit.add({
      position: event.position,
      stream: event.stream,
      timeMs,
      event: upcast(event.type, schemaVersion, event.data),
    });
    events += 1;
    position = event.position;
    progress?.update(Number(position), Number(head));
  }
  const violations = audit.violations(clock.nowMs());
  return {
    events,
    position: position.toString(),
    terms: audit.terms(),
    violationCount: Math.max(audit.violationCount(), violations.length),
    violations,
  };
}

/** Prints a report and answers the exit code: 1 when a rule is broken. */
export function printAuditReport(report: AuditReport, json: boolean): number {
  if (json) {
    printLine(
      JSON.stringify(report, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    );
  } else {
    for (const line of auditLines(report)) printLine(line);
  }
  return report.violations.length === 0 ? exitCodes.ok : exitCodes.found;
}

function auditLines(report: AuditReport): string[] {
  const lines = [
    `Audited ${report.events.toLocaleString('en')} events up to position ${report.position}.`,
    '',
    ...balanceLines(report.terms),
    '',
  ];
  for (const rule of Object.keys(moneyRules).map(Number) as MoneyRule[]) {
    const broken = report.violations.filter((violation) => violation.rule === rule);
    lines.push(`${broken.length === 0 ? 'ok    ' : 'BROKEN'}  rule ${rule}: ${moneyRules[rule]}`);
    for (const violation of broken) {
      lines.push(`        at ${violation.position} in ${violation.stream}: ${violation.detail}`);
    }
  }
  const unlisted = report.violationCount - report.violations.length;
  if (unlisted > 0) lines.push(`        and ${unlisted} more that are not listed`);
  return lines;
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

/** `hongbao audit`: audits with a progress bar and prints the report. Answers the exit code. */
export async function auditWithProgress(log: EventLog, clock: Clock, json: boolean): Promise<number> {
  const progress = createProgress('audit', clock, process.stderr);
  const report = await auditLog(log, clock, progress);
  progress.finish(`audit: read ${report.events.toLocaleString('en')} events`);
  return printAuditReport(report, json);
}
