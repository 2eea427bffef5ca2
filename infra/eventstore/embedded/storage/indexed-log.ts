/**
 * The durable log with an index that is always up to date, though most commits write the log alone:
 *
 *     commit   log ──────────────► tables (synced)
 *              index entries ────► recent (in memory, once the commit is synced)
 *     flush    recent ───────────► tables, with how far they now cover the log; every so many events, as a part
 *                                  of the next commit, and at a close
 *     open     log behind that ──► recent (index-replay.ts)
 *
 * The log grows at its end: the events of one commit share a few pages. Their index entries lie all over the index,
 * a page or more for each, and to write those with each commit was most of what a commit cost. Gathered, many of
 * them share a page, and a head is written once for many events. The index follows from the log, so that nothing is
 * lost with the memory.
 */
import type { CommitGroup } from './commit-group.ts';
import { requireRoom } from './disk-room.ts';
import { flushIndex } from './index-flush.ts';
import { replayIndex } from './index-replay.ts';
import { StreamLayer } from './stream-layer.ts';
import type { StreamHead, StreamSource } from './stream-source.ts';
import { tableSource } from './table-source.ts';
import type { Tables } from './tables.ts';

export class IndexedLog implements StreamSource {
  readonly #tables: Tables;
  readonly #dataDir: string;
  readonly #recentEventsMax: number;
  #recent: StreamLayer;
  #lastPosition: number;

  /** Reads what the tables' index does not have yet. Throws `RecordCorrupt`. */
  constructor(tables: Tables, dataDir: string, recentEventsMax: number) {
    this.#tables = tables;
    this.#dataDir = dataDir;
    this.#recentEventsMax = recentEventsMax;
    this.#recent = replayIndex(tables);
    this.#lastPosition = tables.lastPosition();
  }

  /** The newest durable event's position; 0 for an empty log. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  head(stream: string): StreamHead | undefined {
    return this.#recent.head(stream);
  }

  position(stream: string, revision: number): number | undefined {
    return this.#recent.position(stream, revision);
  }

  revisionOf(stream: string, id: string): number | undefined {
    return this.#recent.revisionOf(stream, id);
  }

  record(position: number): Buffer | undefined {
    return this.#tables.record(position);
  }

  /** As `position` for one stream, whose name is looked up in the tables once it is there. */
  positionReader(stream: string): (revision: number) => number | undefined {
    let stored: ((revision: number) => number | undefined) | undefined;
    return (revision) => {
      const recent = this.#recent.addedPosition(stream, revision);
      if (recent !== undefined) return recent;
      if (stored === undefined) {
        const head = this.#tables.head(stream);
        if (head === undefined) return undefined;
        stored = this.#tables.positions.reader(head.streamNumber);
      }
      return stored(revision);
    };
  }

  /**
   * Writes a group, and before it what the index in memory has no room left beside. Resolves when that is synced, and
   * not before can it be read. Rejects when the disk refuses it; then all is as it was.
   */
  async commit(group: CommitGroup): Promise<void> {
    const isFull = this.#recent.events > 0 && this.#recent.events + group.events > this.#recentEventsMax;
    requireRoom(this.#dataDir, group.bytes + (isFull ? this.#flushBytes() : 0));
    await this.#tables.commit(() => {
      if (isFull) this.#flush();
      group.write(this.#tables);
    });
    if (isFull) this.#recent = new StreamLayer(tableSource(this.#tables));
    this.#recent.take(group.index);
    this.#lastPosition = group.lastPosition;
  }

  /** Brings the tables' index up to date, while no commit is under way. Rejects when the disk refuses it. */
  async flush(): Promise<void> {
    if (this.#recent.events === 0) return;
    requireRoom(this.#dataDir, this.#flushBytes());
    await this.#tables.commit(() => this.#flush());
    this.#recent = new StreamLayer(tableSource(this.#tables));
  }

  /** About: of what an event has in the index, most shares its pages with others. */
  #flushBytes(): number {
    return this.#recent.events * PAGE_BYTES;
  }

  #flush(): void {
    flushIndex(this.#tables, this.#recent, this.#lastPosition);
  }
}

const PAGE_BYTES = 4_096;
