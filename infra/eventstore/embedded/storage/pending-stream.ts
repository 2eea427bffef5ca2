import type { StreamHead, Tables } from './tables.ts';

/** One stream within a commit: its head as stored, and what the commit adds to it. */
export class PendingStream {
  readonly #tables: Tables;
  readonly #streamNumber: number;
  readonly #storedRevision: number;
  readonly #scavengedBefore: number;
  readonly #added: number[] = [];
  readonly #addedIds = new Map<string, number>();
  #tombstoned: boolean;

  /** `newNumber` gives a stream that does not exist its number. */
  constructor(tables: Tables, stored: StreamHead | undefined, newNumber: () => number) {
    this.#tables = tables;
    this.#streamNumber = stored?.streamNumber ?? newNumber();
    this.#storedRevision = stored?.revision ?? -1;
    this.#scavengedBefore = stored?.scavengedBefore ?? 0;
    this.#tombstoned = stored?.tombstoned ?? false;
  }

  get head(): StreamHead {
    const revision = this.#storedRevision + this.#added.length;
    return {
      streamNumber: this.#streamNumber,
      revision,
      tombstoned: this.#tombstoned,
      scavengedBefore: this.#scavengedBefore,
    };
  }

  /** Makes `position` the next revision, and answers that. A link has no id of its own to be found by. */
  add(position: number, eventId?: string): number {
    this.#added.push(position);
    const { revision } = this.head;
    if (eventId !== undefined) this.#addedIds.set(eventId, revision);
    return revision;
  }

  tombstone(): void {
    this.#tombstoned = true;
  }

  positionAt(revision: number): number | undefined {
    return revision > this.#storedRevision
      ? this.#added[revision - this.#storedRevision - 1]
      : this.#tables.position(this.#streamNumber, revision);
  }

  revisionOf(eventId: string): number | undefined {
    return this.#addedIds.get(eventId) ?? this.#tables.revisionOf(this.#streamNumber, eventId);
  }

  /** Puts everything into the tables; to be called inside a transaction. */
  write(name: string): void {
    this.#added.forEach((position, index) => {
      this.#tables.putPosition(this.#streamNumber, this.#storedRevision + 1 + index, position);
    });
    for (const [id, revision] of this.#addedIds) this.#tables.putRevisionOf(this.#streamNumber, id, revision);
    this.#tables.putHead(name, this.head);
  }
}
