import type { Clock } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from './event-store.ts';
import { nativeLink } from './links.ts';
import type { StoredRecord } from './stored-record.ts';
import { firstRevision, oldestShownMs, type StreamStatus, streamStatus } from './stream-state.ts';
import { isLinkStream } from './system-streams.ts';

/** What readers may see of a sequence, as of one moment. */
export interface SequenceWindow {
  readonly status: StreamStatus;
  /** Indexes of the oldest and the newest event; `last` is below `first` when there is none. */
  readonly first: number;
  readonly last: number;
  /** Events written before this are too old to be shown. */
  readonly oldestMs: number;
}

/** The log, or one stream, as a growing numbered row of events, some of which may have been scavenged. */
export interface EventSequence {
  window(): SequenceWindow;
  /** The event at an index, links not followed; undefined where it was scavenged. Throws `RecordCorrupt`. */
  at(index: number): StoredRecord | undefined;
}

/** The whole log, by position. */
export function logSequence(store: EventStore): EventSequence {
  return {
    window: () => ({
      status: 'present',
      first: 1,
      last: store.lastPosition,
      oldestMs: Number.NEGATIVE_INFINITY,
    }),
    at: (position) => store.record(position),
  };
}

/** One stream, by revision, as its metadata lets it be seen. It need not exist yet. */
export function streamSequence(store: EventStore, stream: string, clock: Clock): EventSequence {
  const at = store.streamReader(stream);
  const window = (): SequenceWindow => {
    const state = store.stream(stream);
    const oldestMs = oldestShownMs(state, clock.nowMs());
    const first = firstRevision(state);
    const last = state.lastRevision;
    const firstInTime = oldestMs > 0 ? firstSince(at, first, last, oldestMs) : first;
    return { status: streamStatus(state), first: firstInTime, last, oldestMs };
  };
  const nativeLinkAt = (revision: number): StoredRecord | undefined => {
    const target = at(revision);
    return target === undefined ? undefined : nativeLink(stream, revision, target);
  };
  return { window, at: isLinkStream(stream) ? nativeLinkAt : at };
}

/** Walks a sequence one place at a time, as far as a window goes. */
export class SequenceScan {
  /** The index that is looked at next. */
  index: number;
  readonly #sequence: EventSequence;
  readonly #step: 1 | -1;

  constructor(sequence: EventSequence, index: number, step: 1 | -1) {
    this.#sequence = sequence;
    this.index = index;
    this.#step = step;
  }

  /** The next event; `hidden` where there is none to be shown; undefined at the window's end. */
  next({ first, last, oldestMs }: SequenceWindow): StoredRecord | 'hidden' | undefined {
    if (first > last) return undefined;
    // What the window no longer shows is not looked at, however much it is.
    if (this.#step > 0) this.index = Math.max(this.index, first);
    if (this.index < first || this.index > last) return undefined;
    const record = this.#sequence.at(this.index);
    this.index += this.#step;
    return record === undefined || record.createdMs < oldestMs ? 'hidden' : record;
  }
}

/**
 * The first revision that was written at `oldestMs` or later, by bisection: times rise along a stream. Where a
 * clock stepped back it may be a little early, so each event's own time is still compared.
 */
function firstSince(
  at: (revision: number) => StoredRecord | undefined,
  first: number,
  last: number,
  oldestMs: number,
): number {
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // A gap is what was too old already when the space was reclaimed.
    const tooOld = (at(middle)?.createdMs ?? 0) < oldestMs;
    if (tooOld) low = middle + 1;
    else high = middle;
  }
  return low;
}
