/**
 * What one commit will write, and the log as it will be after it: later appends of a group see the earlier ones,
 * though nothing is on disk yet.
 */
import type { StreamView } from './append-decision.ts';
import { decodeRecord, encodeRecord, type ProposedEvent, recordId, TOMBSTONE } from './stored-record.ts';
import { SOFT_DELETED } from './stream-metadata.ts';
import { StreamLayer } from './stream-layer.ts';
import { metadataJson, readStreamState, type StreamHead, type StreamSource } from './stream-source.ts';
import type { StreamState } from './stream-state.ts';
import { isLinkStream, isMetastream, isSystemStream, TOMBSTONE_TYPE } from './system-streams.ts';
import type { Tables } from './tables.ts';

/** Where an event went. */
export interface RecordedPlace {
  readonly revision: number;
  readonly position: number;
}

export class CommitGroup implements StreamSource {
  readonly #stored: StreamSource;
  readonly #storedPosition: number;
  readonly #createdMs: number;
  /** What this commit adds to streams. */
  readonly index: StreamLayer;
  readonly #records: Buffer[] = [];

  /** `stored` ends at `lastPosition`. */
  constructor(stored: StreamSource, lastPosition: number, createdMs: number) {
    this.#stored = stored;
    this.#storedPosition = lastPosition;
    this.#createdMs = createdMs;
    this.index = new StreamLayer(stored);
  }

  get lastPosition(): number {
    return this.#storedPosition + this.#records.length;
  }

  get events(): number {
    return this.#records.length;
  }

  /** What it writes into the log. */
  get bytes(): number {
    return this.#records.reduce((sum, record) => sum + record.length, 0);
  }

  /** The system streams that it writes to, those of links left aside. */
  get systemStreams(): readonly string[] {
    return [...this.index.streams.keys()].filter((name) => isSystemStream(name) && !isLinkStream(name));
  }

  head(stream: string): StreamHead | undefined {
    return this.index.head(stream);
  }

  position(stream: string, revision: number): number | undefined {
    return this.index.position(stream, revision);
  }

  revisionOf(stream: string, id: string): number | undefined {
    return this.index.revisionOf(stream, id);
  }

  record(position: number): Buffer | undefined {
    return position > this.#storedPosition
      ? this.#records[position - this.#storedPosition - 1]
      : this.#stored.record(position);
  }

  /** What a decision may know of a stream. */
  view(stream: string): StreamView {
    const head = this.head(stream);
    const state = (): StreamState => readStreamState(this, stream);
    return {
      revision: head?.revision ?? -1,
      tombstoned: head?.tombstoned ?? (isMetastream(stream) && state().tombstoned),
      softDeleted: () => head !== undefined && state().metadata.truncateBefore === SOFT_DELETED,
      hasMetadata: () => metadataJson(this, stream) !== undefined,
      idAt: (revision) => this.#idAt(stream, revision),
      revisionOf: (id) => this.revisionOf(stream, id),
    };
  }

  /** Writes events behind a stream's last one, and links to them. Answers the last one's place. */
  append(stream: string, events: readonly ProposedEvent[]): RecordedPlace | undefined {
    let last: RecordedPlace | undefined;
    for (const event of events) last = this.#add(stream, event);
    return last;
  }

  /** Ends a stream for good. Answers the position of its tombstone. */
  tombstone(stream: string, eventId: string): number {
    this.index.addTombstone(stream);
    const event = { ...noContent, id: eventId, type: TOMBSTONE_TYPE };
    return this.#record(stream, event, TOMBSTONE);
  }

  /** Puts the records into the log; to be called inside a transaction. */
  write(tables: Tables): void {
    this.#records.forEach((record, index) => {
      tables.appendRecord(this.#storedPosition + 1 + index, record);
    });
  }

  #add(stream: string, event: ProposedEvent): RecordedPlace {
    const revision = this.index.add({ stream, type: event.type, id: event.id }, this.lastPosition + 1);
    return { revision, position: this.#record(stream, event, revision) };
  }

  #record(stream: string, event: ProposedEvent, revision: number | typeof TOMBSTONE): number {
    const position = this.lastPosition + 1;
    this.#records.push(encodeRecord(event, { stream, revision, position, createdMs: this.#createdMs }));
    return position;
  }

  #idAt(stream: string, revision: number): string | undefined {
    const position = this.position(stream, revision);
    const record = position === undefined ? undefined : this.record(position);
    // An empty record is one that was scavenged.
    return position === undefined || record === undefined || record.length === 0
      ? undefined
      : recordId(decodeRecord(record, position));
  }
}

const noContent = {
  contentType: 'application/octet-stream',
  data: new Uint8Array(),
  metadata: new Uint8Array(),
} as const;
