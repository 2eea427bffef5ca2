/** The store's three writes: each is decided over a commit group, and what it writes goes into the group. */
import { decideAppend, type Expected, type StreamView } from './append-decision.ts';
import type { CommitGroup } from './commit-group.ts';
import type { ProposedEvent } from './stored-record.ts';
import { SOFT_DELETED_JSON, withTruncateBefore } from './stream-metadata.ts';
import { metadataJson } from './stream-source.ts';
import { METADATA_TYPE, metastreamOf } from './system-streams.ts';

interface Refused {
  readonly kind: 'wrong-expected-version';
  readonly currentRevision: number;
}

interface StreamDeleted {
  readonly kind: 'stream-deleted';
}

export type AppendOutcome =
  /** `revision` is -1 and `position` undefined only for an append of no events to a stream that is not there. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number | undefined }
  | Refused
  | StreamDeleted;

export type DeleteOutcome = { readonly kind: 'deleted'; readonly position: number } | Refused | StreamDeleted;

/** Appends all events or none. `newId` is for the metadata that begins a deleted stream again. */
export function performAppend(
  group: CommitGroup,
  stream: string,
  expected: Expected,
  events: readonly ProposedEvent[],
  newId: () => string,
): AppendOutcome {
  const view = group.view(stream);
  const ids = events.map((event) => event.id);
  const decision = decideAppend(view, expected, ids);
  switch (decision.kind) {
    case 'stream-deleted':
      return decision;
    case 'wrong-expected-version':
      return { kind: 'wrong-expected-version', currentRevision: view.revision };
    case 'already-written': {
      const { lastRevision } = decision;
      return { kind: 'appended', revision: lastRevision, position: group.position(stream, lastRevision) };
    }
    case 'write': {
      if (events.length > 0 && view.softDeleted()) beginAgain(group, stream, view.revision + 1, newId());
      const last = group.append(stream, events);
      if (last !== undefined) return { kind: 'appended', ...last };
      return { kind: 'appended', revision: view.revision, position: group.position(stream, view.revision) };
    }
  }
}

/** Writes the metadata of a deleted stream; `id` is that event's. */
export function performDelete(
  group: CommitGroup,
  stream: string,
  expected: Expected,
  id: string,
): DeleteOutcome {
  const view = group.view(stream);
  // What has neither events nor metadata is not there to be deleted.
  const isThere = view.revision >= 0 || view.hasMetadata();
  return endStream(view, expected, id, isThere, () => writeMetadata(group, stream, SOFT_DELETED_JSON, id));
}

/** Writes a stream's tombstone; `id` is that event's. A stream that does not exist may get one too. */
export function performTombstone(
  group: CommitGroup,
  stream: string,
  expected: Expected,
  id: string,
): DeleteOutcome {
  return endStream(group.view(stream), expected, id, true, () => group.tombstone(stream, id));
}

/** Decides as for an append of the event `id`; `write` answers where that went. */
function endStream(
  view: StreamView,
  expected: Expected,
  id: string,
  allowed: boolean,
  write: () => number,
): DeleteOutcome {
  const decision = decideAppend(view, expected, [id]);
  if (decision.kind === 'stream-deleted') return decision;
  if (decision.kind !== 'write' || !allowed) {
    return { kind: 'wrong-expected-version', currentRevision: view.revision };
  }
  return { kind: 'deleted', position: write() };
}

function beginAgain(group: CommitGroup, stream: string, revision: number, id: string): void {
  const json = metadataJson(group, stream) ?? '{}';
  writeMetadata(group, stream, withTruncateBefore(json, revision), id);
}

function writeMetadata(group: CommitGroup, stream: string, json: string, id: string): number {
  const event: ProposedEvent = {
    id,
    type: METADATA_TYPE,
    contentType: 'application/json',
    data: Buffer.from(json),
    metadata: new Uint8Array(),
  };
  return group.append(metastreamOf(stream), [event])?.position ?? group.lastPosition;
}
