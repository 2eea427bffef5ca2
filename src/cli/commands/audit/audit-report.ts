import type { LogStatistics } from '../../../domain/ledger/log-statistics.ts';
import type { MoneyRule, MoneyTerms, MoneyViolation } from '../../../domain/ledger/money-rules.ts';
import { moneyRules } from '../../../domain/ledger/money-rules.ts';
import type { MessageRule, MessageViolation } from '../../../domain/message-audit/message-rules.ts';
import { messageRules } from '../../../domain/message-audit/message-rules.ts';
import type { SkippedEvent } from '../../../domain/projection-skips.ts';
import type { RowDifference } from '../../../projections/rebuild/compare.ts';
import { countOf, type TableDifferences } from './difference-list.ts';

export interface AuditReport {
  /** When the audit ended, ms. */
  readonly auditedAtMs: number;
  readonly events: number;
  /** Of the last event that was looked at. */
  readonly position: string;
  readonly terms: MoneyTerms;
  /** Violations found; `violations` lists the first of each kind. */
  readonly violationCount: number;
  readonly violations: readonly (MoneyViolation | MessageViolation)[];
  readonly statistics: LogStatistics;
  /** Events that operators let read models leave out, as of the end: no violation, but worth knowing. */
  readonly skipped: readonly SkippedEvent[];
  /** Rule 8: rows that the read models and a replay do not share, the first of each table. Absent: not looked at. */
  readonly differences?: readonly RowDifference[];
  /** How many there are in all, of each table that differs. */
  readonly differing?: readonly TableDifferences[];
}

/** Rows that differ, listed or not. */
export function differenceCount(report: Pick<AuditReport, 'differing'>): number {
  return (report.differing ?? []).reduce((sum, table) => sum + countOf(table), 0);
}

/** Rule 8, which is not about the log alone. */
export const readModelRule = 8;

export interface RuleState {
  readonly rule: MoneyRule | typeof readModelRule | MessageRule;
  readonly statement: string;
  readonly state: 'ok' | 'broken' | 'not checked';
  /** Listed violations of it, or rows that differ. */
  readonly found: number;
}

/** Every rule there is, in the order of their numbers, and whether it holds. */
export function ruleStates(report: AuditReport): readonly RuleState[] {
  const { violations, differences } = report;
  const ofLog = (rule: MoneyRule | MessageRule, statement: string): RuleState => {
    const found = violations.filter((violation) => violation.rule === rule).length;
    return { rule, statement, state: found === 0 ? 'ok' : 'broken', found };
  };
  const found = differenceCount(report);
  const moneyNumbers = Object.keys(moneyRules).map(Number) as MoneyRule[];
  const messageNames = Object.keys(messageRules) as MessageRule[];
  return [
    ...moneyNumbers.map((rule) => ofLog(rule, moneyRules[rule])),
    {
      rule: readModelRule,
      statement: 'A read model equals a replay from zero.',
      state: differences === undefined ? 'not checked' : found === 0 ? 'ok' : 'broken',
      found,
    },
    ...messageNames.map((rule) => ofLog(rule, messageRules[rule])),
  ];
}

/** Whether nothing was found, by all that was looked at. */
export function isClean(report: AuditReport): boolean {
  return report.violationCount === 0 && differenceCount(report) === 0;
}
