import type { LogStatistics } from '../../../domain/ledger/log-statistics.ts';
import type { MoneyTerms, MoneyViolation } from '../../../domain/ledger/money-rules.ts';
import { moneyRules } from '../../../domain/ledger/money-rules.ts';
import type { MessageViolation } from '../../../domain/message-audit/message-rules.ts';
import { messageRules } from '../../../domain/message-audit/message-rules.ts';
import type { RowDifference } from '../../../projections/compare.ts';

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
  /** Rule 8: rows that the read models and a replay do not share; a bounded sample. Absent: not looked at. */
  readonly differences?: readonly RowDifference[];
}

export interface RuleState {
  /** `1` to `8` or `M1` to `M7`. */
  readonly rule: string;
  readonly statement: string;
  readonly state: 'ok' | 'broken' | 'not checked';
  /** Listed violations of it, or rows that differ. */
  readonly found: number;
}

/** Every rule there is, in the order of their numbers, and whether it holds. */
export function ruleStates({ violations, differences }: AuditReport): readonly RuleState[] {
  const ofLog = (rules: Readonly<Record<string, string>>): RuleState[] =>
    Object.entries(rules).map(([rule, statement]) => {
      const found = violations.filter((violation) => String(violation.rule) === rule).length;
      return { rule, statement, state: found === 0 ? 'ok' : 'broken', found };
    });
  const found = differences?.length ?? 0;
  const readModels: RuleState = {
    rule: '8',
    statement: 'A read model equals a replay from zero.',
    state: differences === undefined ? 'not checked' : found === 0 ? 'ok' : 'broken',
    found,
  };
  return [...ofLog(moneyRules), readModels, ...ofLog(messageRules)];
}

/** Whether nothing was found, by all that was looked at. */
export function isClean({ violationCount, differences = [] }: AuditReport): boolean {
  return violationCount === 0 && differences.length === 0;
}
