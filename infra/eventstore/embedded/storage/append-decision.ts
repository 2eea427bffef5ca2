/**
 * Whether an append is written, was written before, or conflicts. The rules are EventStoreDB's:
 *
 * - a stream with a tombstone takes nothing any more;
 * - the expected revision is the current one: write;
 * - it is below the current one: the append's ids are compared one by one with what stands at the revisions
 *   they would have got. All equal: it is a resend, answered with success and not written again. Otherwise
 *   wrong expected version;
 * - it is above the current one: wrong expected version;
 * - `any` and `stream-exists`: when the stream has the first of the ids, the append is a resend of which it
 *   must have every id; otherwise it is written;
 * - a stream that was deleted softly may be begun again with `no-stream`, `any` or its last revision, and goes
 *   on from there; to `stream-exists` it is deleted.
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
  readonly tombstoned: boolean;
  softDeleted(): boolean;
  /** Whether it has metadata: to `stream-exists`, a stream with metadata and no events exists. */
  hasMetadata(): boolean;
  /** The id of the event at `revision`; undefined where there is none. */
  idAt(revision: number): string | undefined;
  /** The revision at which the stream holds the event `id`. */
  revisionOf(id: string): number | undefined;
}

export type AppendDecision =
  | { readonly kind: 'write' }
  | { readonly kind: 'already-written'; readonly lastRevision: number }
  | { readonly kind: 'wrong-expected-version' }
  | { readonly kind: 'stream-deleted' };

/** Decides an append of events with `ids` to a stream. */
export function decideAppend(view: StreamView, expected: Expected, ids: readonly string[]): AppendDecision {
  if (view.tombstoned) return streamDeleted;
  switch (expected.kind) {
    case 'stream-exists':
      if (view.softDeleted()) return streamDeleted;
      if (view.revision < 0 && !view.hasMetadata()) return wrongExpectedVersion;
      return decideUnconditional(view, ids);
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
const streamDeleted: AppendDecision = { kind: 'stream-deleted' };

function decideExact(view: StreamView, expected: number, ids: readonly string[]): AppendDecision {
  if (expected === view.revision) return write;
  // Nothing cannot have been written before.
  if (expected > view.revision || ids.length === 0) return wrongExpectedVersion;
  const different = ids.findIndex((id, index) => view.idAt(expected + 1 + index) !== id);
  if (different < 0) return { kind: 'already-written', lastRevision: expected + ids.length };
  const beginsAgain = different === 0 && expected < 0 && view.softDeleted();
  return beginsAgain ? write : wrongExpectedVersion;
}

function decideUnconditional(view: StreamView, ids: readonly string[]): AppendDecision {
  let last: number | undefined;
  for (const id of ids) {
    const revision = view.revisionOf(id);
    if (revision === undefined) return last === undefined ? write : wrongExpectedVersion;
    last = revision;
  }
  return last === undefined ? write : { kind: 'already-written', lastRevision: last };
}
