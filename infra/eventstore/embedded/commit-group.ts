/**
 * What one commit will write, and the tables as they will be after it: later appends of a group see the
 * earlier ones, though nothing is on disk yet.
 */
import type { StreamView } from './append-decision.ts';
import { decodeRecord, encodeRecord, type ProposedEvent, recordId } from './stored-record.ts';
import type { Tables } from './tables.ts';

interface PendingRecord {
  readonly streamNumber: number;
  readonly revision: number;
  readonly position: number;
  readonly eventId: string;
  readonly bytes: Buffer;
}

export class CommitGroup {
  readonly #tables: Tables;
  readonly #createdMs: number;
  readonly #streams = new Map<string, PendingStream>();
  readonly #records: PendingRecord[] = [];
  #lastPosition: number;
  #streamCount: number;

  constructor(tables: Tables, lastPosition: number, streamCount: number, createdMs: number) {
    this.#tables = tables;
    this.#lastPosition = lastPosition;
    this.#streamCount = streamCount;
    this.#createdMs = createdMs;
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  get streamCount(): number {
    return this.#streamCount;
  }

  get writesAnything(): boolean {
    return this.#records.length > 0;
  }

  /** The stream as it is after what the group has so far. */
  stream(name: string): PendingStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new PendingStream(name, this.#tables, (event, revision, number) =>
        this.#add(name, event, revision, number),
      );
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** Puts everything into the tables; to be called inside a transaction. */
  write(): void {
    for (const record of this.#records) {
      this.#tables.putRecord(record.position, record.bytes);
      this.#tables.putPosition(record.streamNumber, record.revision, record.position);
      this.#tables.putRevisionOf(record.streamNumber, record.eventId, record.revision);
    }
    for (const [name, stream] of this.#streams) {
      const head = stream.changedHead();
      if (head !== undefined) this.#tables.putHead(name, head);
    }
    this.#tables.putStreamCount(this.#streamCount);
  }

  #add(stream: string, event: ProposedEvent, revision: number, known: number | undefined): PendingRecord {
    const position = ++this.#lastPosition;
    const streamNumber = known ?? this.#streamCount++;
    const bytes = encodeRecord(event, { stream, revision, position, createdMs: this.#createdMs });
    const record = { streamNumber, revision, position, eventId: event.id, bytes };
    this.#records.push(record);
    return record;
  }
}

type AddRecord = (event: ProposedEvent, revision: number, streamNumber: number | undefined) => PendingRecord;

class PendingStream implements StreamView {
  readonly #tables: Tables;
  readonly #addRecord: AddRecord;
  readonly #added: PendingRecord[] = [];
  readonly #addedRevisions = new Map<string, number>();
  readonly #storedRevision: number;
  #streamNumber: number | undefined;

  constructor(name: string, tables: Tables, addRecord: AddRecord) {
    const head = tables.head(name);
    this.#tables = tables;
    this.#addRecord = addRecord;
    this.#storedRevision = head?.revision ?? -1;
    this.#streamNumber = head?.streamNumber;
  }

  get revision(): number {
    return this.#storedRevision + this.#added.length;
  }

  add(event: ProposedEvent): void {
    const record = this.#addRecord(event, this.revision + 1, this.#streamNumber);
    this.#streamNumber = record.streamNumber;
    this.#added.push(record);
    this.#addedRevisions.set(event.id, record.revision);
  }

  idAt(revision: number): string | undefined {
    const added = this.#addedAt(revision);
    if (added !== undefined) return added.eventId;
    const position = this.#storedPosition(revision);
    const bytes = position === undefined ? undefined : this.#tables.record(position);
    return position === undefined || bytes === undefined
      ? undefined
      : recordId(decodeRecord(bytes, position));
  }

  revisionOf(id: string): number | undefined {
    const added = this.#addedRevisions.get(id);
    if (added !== undefined || this.#streamNumber === undefined) return added;
    return this.#tables.revisionOf(this.#streamNumber, id);
  }

  positionAt(revision: number): number | undefined {
    return this.#addedAt(revision)?.position ?? this.#storedPosition(revision);
  }

  changedHead(): { streamNumber: number; revision: number } | undefined {
    if (this.#added.length === 0 || this.#streamNumber === undefined) return undefined;
    return { streamNumber: this.#streamNumber, revision: this.revision };
  }

  #addedAt(revision: number): PendingRecord | undefined {
    return revision > this.#storedRevision ? this.#added[revision - this.#storedRevision - 1] : undefined;
  }

  #storedPosition(revision: number): number | undefined {
    if (this.#streamNumber === undefined || revision < 0 || revision > this.#storedRevision) return undefined;
    return this.#tables.position(this.#streamNumber, revision);
  }
}
