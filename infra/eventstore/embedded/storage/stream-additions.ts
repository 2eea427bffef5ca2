import type { StreamHead } from './stream-source.ts';

/** What is added to one stream, behind a head. */
export class StreamAdditions {
  readonly #below: StreamHead;
  readonly #positions: number[] = [];
  readonly #revisions = new Map<string, number>();
  #tombstoned: boolean;

  /** `below` is undefined for a stream that does not exist. */
  constructor(below: StreamHead | undefined) {
    this.#below = below ?? NOTHING;
    this.#tombstoned = this.#below.tombstoned;
  }

  get head(): StreamHead {
    const { streamNumber, revision, scavengedBefore } = this.#below;
    const tombstoned = this.#tombstoned;
    return { streamNumber, revision: revision + this.#positions.length, tombstoned, scavengedBefore };
  }

  /** The first revision that is added, and where each one is, from that on. */
  get firstRevision(): number {
    return this.#below.revision + 1;
  }

  get positions(): readonly number[] {
    return this.#positions;
  }

  /** Event id -> revision. */
  get revisions(): ReadonlyMap<string, number> {
    return this.#revisions;
  }

  /** Makes `position` the next revision, and answers that. A link has no id of its own to be found by. */
  add(position: number, eventId?: string): number {
    const revision = this.firstRevision + this.#positions.length;
    this.#positions.push(position);
    if (eventId !== undefined) this.#revisions.set(eventId, revision);
    return revision;
  }

  tombstone(): void {
    this.#tombstoned = true;
  }

  /** Adds what was added behind this. */
  append(later: StreamAdditions): void {
    for (const position of later.#positions) this.#positions.push(position);
    for (const [id, revision] of later.#revisions) this.#revisions.set(id, revision);
    this.#tombstoned = later.#tombstoned;
  }

  /** Undefined for a revision that is not among what is added. */
  positionAt(revision: number): number | undefined {
    return this.#positions[revision - this.firstRevision];
  }

  revisionOf(eventId: string): number | undefined {
    return this.#revisions.get(eventId);
  }
}

const NOTHING: StreamHead = { streamNumber: undefined, revision: -1, tombstoned: false, scavengedBefore: 0 };
