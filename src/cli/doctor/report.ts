import { exitCodes } from '../cli-error.ts';
import { type Verdict, verdicts } from './finding.ts';
import type { CheckedFinding } from './run-checks.ts';

/** How many findings there are of each verdict. */
export function countVerdicts(findings: readonly CheckedFinding[]): Record<Verdict, number> {
  const of = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  return { ok: of('ok'), warning: of('warning'), problem: of('problem'), skipped: of('skipped') };
}

/** The findings as lines for people: verdict, check, sentence; beneath it, details and what to do. */
export function reportLines(findings: readonly CheckedFinding[]): string[] {
  const nameChars = Math.max(...findings.map(({ check }) => check.length));
  const verdictChars = Math.max(...verdicts.map((verdict) => verdict.length));
  const indent = ' '.repeat(verdictChars + 2 + nameChars + 2);
  const lines = findings.flatMap(({ verdict, check, sentence, advice, details = [] }) => [
    `${verdict.padEnd(verdictChars)}  ${check.padEnd(nameChars)}  ${sentence}`,
    ...details.map((detail) => `${indent}${detail}`),
    ...(advice === undefined ? [] : [`${indent}-> ${advice}`]),
  ]);
  const counts = countVerdicts(findings);
  const told = [
    `${counts.ok} ok`,
    `${counts.warning} ${counts.warning === 1 ? 'warning' : 'warnings'}`,
    `${counts.problem} ${counts.problem === 1 ? 'problem' : 'problems'}`,
    `${counts.skipped} not looked at`,
  ];
  return [...lines, '', `${told.join(', ')}.`];
}

/** 1 when there is a problem; warnings are none. */
export function exitCodeOfFindings(findings: readonly CheckedFinding[]): number {
  return countVerdicts(findings).problem > 0 ? exitCodes.found : exitCodes.ok;
}
