import { LogCopyConflict, refuseUnreadable } from '../run-appender.ts';
import type { RecordedEvent } from '../event-log.ts';
import { StreamRevisions } from './stream-revisions.ts';

/** Finds events that would get another revision if all of a log, as it goes by, were written anew. */
export class RevisionGaps {
  readonly #revisions = new StreamRevisions();
  #first: string | undefined;

  /** The first of them, as a sentence without its full stop; `undefined`: there is none. */
  get first(): string | undefined {
    return this.#first;
  }

  get streams(): number {
    return this.#revisions.streams;
  }

  /** Takes the log's next event. Throws `LogCopyConflict` for one that cannot be copied at all. */
  note(event: RecordedEvent): void {
    refuseUnreadable(event);
    const { stream, revision } = event;
    const expected = this.#revisions.take(stream, revision);
    if (expected !== revision) this.#first ??= sentenceOf(stream, revision, expected);
  }

  /** Throws `LogCopyConflict` when there is one. */
  assertNone(): void {
    if (this.#first !== undefined) throw new LogCopyConflict(this.#first);
  }
}

function sentenceOf(stream: string, revision: number, expected: number): string {
  // A tombstone stands at the last revision that there can be.
  if (revision > Number.MAX_SAFE_INTEGER) {
    return `Stream ${stream} was deleted for good at revision ${expected}: what it had cannot be written anew`;
  }
  const how =
    expected === 0
      ? `begins at revision ${revision}`
      : `has revision ${revision} where ${expected} should stand`;
  return `Stream ${stream} ${how}: events were truncated or scavenged, and those that follow would be renumbered`;
}
