import type { Runtime } from '../../../../src/runtime/runtime.ts';
import { limits } from '../../../../src/config/limits.ts';
import type { EventStore } from '../storage/event-store.ts';
import { linkTarget } from '../storage/links.ts';
import type { ResolvedEvent } from '../streams/read-responses.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import { firstRevision, streamStatus } from '../storage/stream-state.ts';
import { LINK_TYPE } from '../storage/system-streams.ts';
import { type GroupName, parkedStreamOf } from './group-name.ts';
import { appendOwn, setTruncation } from './system-event.ts';

/** A group's events that nobody could handle: links in a stream of its own, until they are replayed. */
export class ParkedMessages {
  readonly #store: EventStore;
  readonly #runtime: Runtime;
  readonly #stream: string;
  readonly #linkAt: (revision: number) => StoredRecord | undefined;

  constructor(store: EventStore, runtime: Runtime, name: GroupName) {
    this.#store = store;
    this.#runtime = runtime;
    this.#stream = parkedStreamOf(name);
    this.#linkAt = store.streamReader(this.#stream);
  }

  /** The revisions that are parked: from `first` up to, not including, `end`. */
  get range(): { first: number; end: number } {
    const state = this.#store.stream(this.#stream);
    const end = state.lastRevision + 1;
    const first = streamStatus(state) === 'present' ? Math.min(firstRevision(state), end) : end;
    return { first, end };
  }

  /** Parks what a client got. Resolves when it is synced. Throws `StoreUnavailable`. */
  async add({ event, link }: ResolvedEvent, reason: string, index: number): Promise<void> {
    const target = event === undefined ? link?.data() : Buffer.from(`${event.revision()}@${event.stream()}`);
    const metadata = {
      added: new Date(this.#runtime.clock.nowMs()).toISOString(),
      reason: reason.slice(0, limits.eventNode.parkReasonCharsMax),
      subscriptionEventNumber: index,
    };
    await appendOwn(this.#store, this.#stream, [
      {
        id: this.#runtime.ids.next(),
        type: LINK_TYPE,
        contentType: 'application/octet-stream',
        data: target ?? new Uint8Array(),
        metadata: Buffer.from(JSON.stringify(metadata)),
      },
    ]);
  }

  /** The link at a revision with what it stands for; undefined when either cannot be read any more. */
  at(revision: number): (ResolvedEvent & { readonly link: StoredRecord }) | undefined {
    const link = this.#linkAt(revision);
    const event = link === undefined ? undefined : linkTarget(this.#store, this.#runtime.clock, link);
    return link === undefined || event === undefined ? undefined : { event, link };
  }

  /** Forgets what is before a revision. Throws `StoreUnavailable`. */
  async truncateBefore(revision: number): Promise<void> {
    await setTruncation(this.#store, this.#stream, this.#runtime.ids.next(), { truncateBefore: revision });
  }

  /** Forgets everything. Throws `StoreUnavailable`. */
  async delete(): Promise<void> {
    if (streamStatus(this.#store.stream(this.#stream)) !== 'present') return;
    await this.#store.delete(this.#stream, { kind: 'any' });
  }
}
