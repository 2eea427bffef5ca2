import { StreamAdditions } from './stream-additions.ts';
import type { StreamHead, StreamIndex } from './stream-source.ts';
import { linkStreamsFor } from './system-streams.ts';

/** An event, as far as indexes care for it. */
export interface IndexedEvent {
  readonly stream: string;
  readonly type: string;
  readonly id: string;
}

/**
 * What events add to streams, in memory, over an index that does not have them yet: those of one commit over what is
 * stored, and the newest stored ones over the tables.
 */
export class StreamLayer implements StreamIndex {
  readonly #below: StreamIndex;
  readonly #streams = new Map<string, StreamAdditions>();
  #events = 0;

  constructor(below: StreamIndex) {
    this.#below = below;
  }

  /** How many events it has. */
  get events(): number {
    return this.#events;
  }

  /** What is added to each stream, by its name. */
  get streams(): ReadonlyMap<string, StreamAdditions> {
    return this.#streams;
  }

  head(stream: string): StreamHead | undefined {
    return this.#streams.get(stream)?.head ?? this.#below.head(stream);
  }

  position(stream: string, revision: number): number | undefined {
    return this.addedPosition(stream, revision) ?? this.#below.position(stream, revision);
  }

  revisionOf(stream: string, id: string): number | undefined {
    return this.#streams.get(stream)?.revisionOf(id) ?? this.#below.revisionOf(stream, id);
  }

  /** As `position`, of what this layer itself has. */
  addedPosition(stream: string, revision: number): number | undefined {
    return this.#streams.get(stream)?.positionAt(revision);
  }

  /** Adds an event behind its stream's last one, and the node's own links to it. Answers its revision. */
  add(event: IndexedEvent, position: number): number {
    const revision = this.#additions(event.stream).add(position, event.id);
    for (const links of linkStreamsFor(event.stream, event.type)) this.#additions(links).add(position);
    this.#events++;
    return revision;
  }

  /** Adds the event that ends a stream. */
  addTombstone(stream: string): void {
    this.#additions(stream).tombstone();
    this.#events++;
  }

  /** Takes over a layer that was made over this one, and that nobody goes on using. */
  take(above: StreamLayer): void {
    for (const [name, additions] of above.streams) {
      const own = this.#streams.get(name);
      if (own === undefined) this.#streams.set(name, additions);
      else own.append(additions);
    }
    this.#events += above.events;
  }

  #additions(name: string): StreamAdditions {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new StreamAdditions(this.#below.head(name));
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
