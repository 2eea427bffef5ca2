/** What a check thinks of what it saw. `skipped`: it could not look, which is nobody's fault. */
export const verdicts = ['ok', 'warning', 'problem', 'skipped'] as const;
export type Verdict = (typeof verdicts)[number];

/** One thing that a check saw. */
export interface Finding {
  readonly verdict: Verdict;
  /** What is so, in one sentence. Never a secret. */
  readonly sentence: string;
  /** What to do about it; there is one for every warning and problem. */
  readonly advice?: string;
  /** What the sentence sums up, one a line. */
  readonly details?: readonly string[];
}

export const ok = (sentence: string, details?: readonly string[]): Finding => ({
  verdict: 'ok',
  sentence,
  ...(details !== undefined && details.length > 0 && { details }),
});

export const skipped = (sentence: string): Finding => ({ verdict: 'skipped', sentence });

export const warning = (sentence: string, advice: string): Finding => ({
  verdict: 'warning',
  sentence,
  advice,
});

export const problem = (sentence: string, advice: string): Finding => ({
  verdict: 'problem',
  sentence,
  advice,
});

/** Each sentence once, however many partitions it is true of. */
export function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.sentence, finding])).values()];
}

/** What went wrong, as words for people. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node tries each address of a host, and puts what happened into one error without words of its own.
  if (error instanceof AggregateError && error.message === '') return wordsOf(error.errors[0]);
  return error.message || error.name;
}
