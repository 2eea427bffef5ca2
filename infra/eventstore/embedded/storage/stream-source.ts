import { decodeRecord } from './stored-record.ts';
import {
  metastreamMetadata,
  noMetadata,
  parseStreamMetadata,
  type StreamMetadata,
} from './stream-metadata.ts';
import type { StreamState } from './stream-state.ts';
import { isMetastream, metastreamOf, originalOf } from './system-streams.ts';

export interface StreamHead {
  /** What the tables call the stream by; undefined for one that is not in them yet. */
  readonly streamNumber: number | undefined;
  /** The last revision; -1 for a stream that has a tombstone and nothing else. */
  readonly revision: number;
  readonly tombstoned: boolean;
  /** Below this revision, events were scavenged. From here to the last one, none is missing. */
  readonly scavengedBefore: number;
}

/** Where the events of streams can be looked up. */
export interface StreamIndex {
  head(stream: string): StreamHead | undefined;
  /** Where a stream's revision is in the log; undefined where there is none. */
  position(stream: string, revision: number): number | undefined;
  /** The revision at which a stream holds the event `id`. */
  revisionOf(stream: string, id: string): number | undefined;
}

/** An index with the log that it is about. */
export interface StreamSource extends StreamIndex {
  /** The stored record at a position. */
  record(position: number): Buffer | undefined;
}

/** A stream as of now. Throws `RecordCorrupt` when its metadata is damaged. */
export function readStreamState(source: StreamSource, stream: string): StreamState {
  const head = source.head(stream);
  const lastRevision = head?.revision ?? -1;
  if (isMetastream(stream)) {
    // What is deleted for good has no metadata any more, and gets none.
    const tombstoned = source.head(originalOf(stream))?.tombstoned ?? false;
    return { lastRevision, tombstoned, metadata: metastreamMetadata };
  }
  const json = metadataJson(source, stream);
  const metadata: StreamMetadata = json === undefined ? noMetadata : parseStreamMetadata(json);
  return { lastRevision, tombstoned: head?.tombstoned ?? false, metadata };
}

/** The text of a stream's metadata as it was written last; undefined when it never was. */
export function metadataJson(source: StreamSource, stream: string): string | undefined {
  const metastream = metastreamOf(stream);
  const head = source.head(metastream);
  if (head === undefined || head.revision < 0) return undefined;
  const position = source.position(metastream, head.revision);
  const record = position === undefined ? undefined : source.record(position);
  if (position === undefined || record === undefined) return undefined;
  return Buffer.from(decodeRecord(record, position).data()).toString('utf8');
}
