import { differenceCount, isClean, ruleStates, type AuditReport } from './audit-report.ts';

/** A report as one line of JSON. Positions are strings, since they exceed what JSON numbers hold exactly. */
export function jsonReport(report: AuditReport): string {
  const { violations, ...rest } = report;
  return JSON.stringify({
    clean: isClean(report),
    ...rest,
    ...(report.differing && { differenceCount: differenceCount(report) }),
    rules: ruleStates(report),
    violations: violations.map((violation) => ({ ...violation, position: `${violation.position}` })),
  });
}
