import { expect } from 'vitest';
import type { Verdict } from '../../../src/cli/doctor/finding.ts';
import type { CheckedFinding } from '../../../src/cli/doctor/run-checks.ts';
import { runCli } from '../../support/run-cli.ts';

/** What `hongbao doctor` found. */
export interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly CheckedFinding[];
  /** The sentences of one check, with the verdict in front. */
  of(check: string): string[];
  /** The names of the checks that have a finding of this verdict. */
  checksThatAre(verdict: Verdict): string[];
}

/** Runs `hongbao doctor --json`. */
export async function examine(env: Readonly<Record<string, string>>): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], env);
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly CheckedFinding[] };
  return {
    code,
    findings,
    of: (check) =>
      findings
        .filter((finding) => finding.check === check)
        .map(({ verdict, sentence }) => `${verdict}: ${sentence}`),
    checksThatAre: (verdict) => [
      ...new Set(findings.filter((finding) => finding.verdict === verdict).map(({ check }) => check)),
    ],
  };
}
