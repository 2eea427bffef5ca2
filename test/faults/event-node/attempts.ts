/** What clients asked of the node, and what they were told. */

export type Expected = number | 'no-stream' | 'any';

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number }
  | { readonly kind: 'refused' }
  /** No answer came: it may be there, whole, or not. */
  | { readonly kind: 'unknown' };

export interface AppendAttempt {
  readonly stream: string;
  readonly expected: Expected;
  readonly ids: readonly string[];
  outcome: AppendOutcome;
}

export interface EndAttempt {
  readonly stream: string;
  readonly kind: 'delete' | 'tombstone';
  /** Where it is recorded; undefined: no answer came. */
  position: number | undefined;
}

export interface Attempts {
  readonly appends: AppendAttempt[];
  readonly ends: EndAttempt[];
}
