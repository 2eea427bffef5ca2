import type { EventLog } from '../../commands/event-log.ts';
import type { Settings } from '../../config/settings.ts';
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
import { auditReadModels } from '../../projections/audit-read-models.ts';
import type { RowDifference } from '../../projections/compare.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { exitCodes } from '../cli-error.ts';
import { printLine } from '../output.ts';
import { count, createProgress, type Progress } from '../progress.ts';
import { withReadSide } from '../with-read-side.ts';

export interface AuditReport {
  readonly events: number;
  readonly position: string;
  readonly terms: MoneyTerms;
  /** Violations found among the events; `violations` lists the first of them, and what is missing. */
  readonly violationCount: number;
  readonly violations: readonly MoneyViolation[];
  /** Rule 8: rows that the read models and a replay do not share; a bounded sample. Absent: not looked at. */
  readonly differences?: readonly RowDifference[];
}

export interface AuditOptions {
  readonly logOnly?: boolean;
  readonly json?: boolean;
}

interface AuditLogOptions {
  readonly progress?: Progress;
  /** Throws its reason when aborted, between two events. */
  readonly signal?: AbortSignal;
}

/**
 * Checks the money rules over the whole log, from its first event to its head as of now. Knows nothing but the
 * log: no read model is asked.
 */
export async function auditLog(
  log: EventLog,
  clock: Clock,
  { progress, signal }: AuditLogOptions = {},
): Promise<AuditReport> {
  const audit = createMoneyAudit();
  const head = await log.head();
  let events = 0;
  let position = -1n;
  for await (const event of log.readAll({ until: head })) {
    signal?.throwIfAborted();
    const { schemaVersion, timeMs } = event.metadata;
    audit.add({
      position: event.position,
      stream: event.stream,
      timeMs,
      event: upcast(event.type, schemaVersion, event.data),
    });
    events += 1;
    position = event.position;
    progress?.update({ label: 'audit', fraction: Number(position) / Number(head), events });
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
  return report.violations.length === 0 && (report.differences ?? []).length === 0
    ? exitCodes.ok
    : exitCodes.found;
}

function auditLines(report: AuditReport): string[] {
  const lines = [
    `Audited ${count(report.events)} events up to position ${report.position}.`,
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
  const { differences } = report;
  if (differences !== undefined) {
    const state = differences.length === 0 ? 'ok    ' : 'BROKEN';
    lines.push(`${state}  rule 8: A read model equals a replay from zero.`);
    for (const { projection, table, onlyIn, row } of differences) {
      lines.push(`        ${projection}.${table}, only in ${onlyIn}: ${row}`);
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

/** `hongbao audit`. Answers 1 when something is wrong. */
export async function auditCommand(settings: Settings, options: AuditOptions): Promise<number> {
  return withReadSide(settings, async (deps, signal) => {
    const progress = createProgress(deps.runtime.clock, process.stderr);
    const report = await auditLog(deps.log, deps.runtime.clock, { progress, signal });
    const differences =
      options.logOnly === true
        ? undefined
        : await auditReadModels(deps, {
            signal,
            onProgress: ({ phase, fraction, eventsDone: events }) =>
              progress.update({ label: `read models: ${phase}`, fraction, events }),
          });
    progress.finish(`audit: read ${count(report.events)} events`);
    return printAuditReport({ ...report, ...(differences && { differences }) }, options.json === true);
  });
}
