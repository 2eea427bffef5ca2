/**
 * What one commit will write, and the tables as they will be after it: later appends of a group see the
 * earlier ones, though nothing is on disk yet.
 */
import type { StreamView } from './append-decision.ts';
import { PendingStream } from './pending-stream.ts';
import { decodeRecord, encodeRecord, type ProposedEvent, recordId, TOMBSTONE } from './stored-record.ts';
import { SOFT_DELETED } from './stream-metadata.ts';
import { metadataJson, readStreamState, type StreamSource, tableSource } from './stream-source.ts';
import type { StreamState } from './stream-state.ts';
import {
  isLinkStream,
  isMetastream,
  isSystemStream,
  linkStreamsFor,
  TOMBSTONE_TYPE,
} from './system-streams.ts';
import type { StreamHead, Tables } from './tables.ts';

/** Where an event went. */
export interface RecordedPlace {
  readonly revision: number;
  readonly position: number;
}

export class CommitGroup implements StreamSource {
  readonly #tables: Tables;
  readonly #stored: StreamSource;
  readonly #createdMs: number;
  /** The streams that this commit changes. */
  readonly #streams = new Map<string, PendingStream>();
  readonly #records: Buffer[] = [];
  readonly #storedPosition: number;
  #streamCount: number;

  constructor(tables: Tables, lastPosition: number, streamCount: number, createdMs: number) {
    this.#tables = tables;
    this.#stored = tableSource(tables);
    this.#storedPosition = lastPosition;
    this.#streamCount = streamCount;
    this.#createdMs = createdMs;
  }

  get lastPosition(): number {
    return this.#storedPosition + this.#records.length;
  }

  get streamCount(): number {
    return this.#streamCount;
  }

  get writesAnything(): boolean {
    return this.#records.length > 0;
  }

  /** The system streams that it writes to, those of links left aside. */
  get systemStreams(): readonly string[] {
    return [...this.#streams.keys()].filter((name) => isSystemStream(name) && !isLinkStream(name));
  }

  head(stream: string): StreamHead | undefined {
    return this.#streams.get(stream)?.head ?? this.#stored.head(stream);
  }

  position(stream: string, revision: number): number | undefined {
    const pending = this.#streams.get(stream);
    return pending === undefined ? this.#stored.position(stream, revision) : pending.positionAt(revision);
  }

  record(position: number): Buffer | undefined {
    return position > this.#storedPosition
      ? this.#records[position - this.#storedPosition - 1]
      : this.#tables.record(position);
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
      revisionOf: (id) => this.#revisionOf(stream, id),
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
    this.#pending(stream).tombstone();
    const event = { ...noContent, id: eventId, type: TOMBSTONE_TYPE };
    return this.#record(stream, event, TOMBSTONE);
  }

  /** Puts everything into the tables; to be called inside a transaction. */
  write(): void {
    this.#records.forEach((record, index) => {
      this.#tables.putRecord(this.#storedPosition + 1 + index, record);
    });
    for (const [name, stream] of this.#streams) stream.write(name);
    this.#tables.putStreamCount(this.#streamCount);
  }

  #add(stream: string, event: ProposedEvent): RecordedPlace {
    const position = this.lastPosition + 1;
    const revision = this.#pending(stream).add(position, event.id);
    for (const linkStream of linkStreamsFor(stream, event.type)) this.#pending(linkStream).add(position);
    return { revision, position: this.#record(stream, event, revision) };
  }

  #record(stream: string, event: ProposedEvent, revision: number | typeof TOMBSTONE): number {
    const position = this.lastPosition + 1;
    this.#records.push(encodeRecord(event, { stream, revision, position, createdMs: this.#createdMs }));
    return position;
  }

  /** The stream as one that this commit changes. */
  #pending(name: string): PendingStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new PendingStream(this.#tables, this.#tables.head(name), () => this.#streamCount++);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #idAt(stream: string, revision: number): string | undefined {
    const position = this.position(stream, revision);
    const record = position === undefined ? undefined : this.record(position);
    // An empty record is one that was scavenged.
    return position === undefined || record === undefined || record.length === 0
      ? undefined
      : recordId(decodeRecord(record, position));
  }

  #revisionOf(stream: string, id: string): number | undefined {
    const pending = this.#streams.get(stream);
    if (pending !== undefined) return pending.revisionOf(id);
    const head = this.#tables.head(stream);
    return head === undefined ? undefined : this.#tables.revisionOf(head.streamNumber, id);
  }
}

const noContent = {
  contentType: 'application/octet-stream',
  data: new Uint8Array(),
  metadata: new Uint8Array(),
} as const;
