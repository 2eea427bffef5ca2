/**
 * Whether an append is written, was written before, or conflicts. The rules are EventStoreDB's:
 *
 * - the expected revision is the current one: write;
 * - it is below the current one: the append's ids are compared one by one with what stands at the revisions
 *   they would have got. All equal: it is a resend, answered with success and not written again. Otherwise
 *   wrong expected version;
 * - it is above the current one: wrong expected version;
 * - `any` and `stream-exists`: an append all of whose ids the stream has is a resend; with none of them it is
 *   written; with some it is wrong expected version, since half of it cannot be "already there".
 */
export type Expected =
  | { readonly kind: 'revision'; readonly revision: number }
  | { readonly kind: 'no-stream' }
  | { readonly kind: 'any' }
  | { readonly kind: 'stream-exists' };

/** What the decision may look at: one stream as of now. */
export interface StreamView {
  /** The last revision, -1 for a stream that does not exist. */
  readonly revision: number;
  /** The id of the event at `revision`; undefined where there is none. */
  idAt(revision: number): string | undefined;
  /** The revision at which the stream holds the event `id`. */
  revisionOf(id: string): number | undefined;
}

export type AppendDecision =
  | { readonly kind: 'write' }
  | { readonly kind: 'already-written'; readonly lastRevision: number }
  | { readonly kind: 'wrong-expected-version' };

/** Decides an append of events with `ids` to a stream. */
export function decideAppend(view: StreamView, expected: Expected, ids: readonly string[]): AppendDecision {
  switch (expected.kind) {
    case 'stream-exists':
      return view.revision < 0 ? wrongExpectedVersion : decideUnconditional(view, ids);
    case 'any':
      return decideUnconditional(view, ids);
    case 'no-stream':
      return decideExact(view, -1, ids);
    case 'revision':
      return decideExact(view, expected.revision, ids);
  }
}

const write: AppendDecision = { kind: 'write' };
const wrongExpectedVersion: AppendDecision = { kind: 'wrong-expected-version' };

function decideExact(view: StreamView, expected: number, ids: readonly string[]): AppendDecision {
  if (expected === view.revision) return write;
  if (expected > view.revision) return wrongExpectedVersion;
  const same = ids.every((id, index) => view.idAt(expected + 1 + index) === id);
  return same ? { kind: 'already-written', lastRevision: expected + ids.length } : wrongExpectedVersion;
}

function decideUnconditional(view: StreamView, ids: readonly string[]): AppendDecision {
  const known = ids.map((id) => view.revisionOf(id));
  if (known.every((revision) => revision === undefined)) return write;
  const last = known.at(-1);
  if (last === undefined || known.includes(undefined)) return wrongExpectedVersion;
  return { kind: 'already-written', lastRevision: last };
}
