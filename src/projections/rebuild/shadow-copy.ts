import type { EventLog, Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { earliest } from '../earliest.ts';
import { feedEntry } from '../feed-entry.ts';
import type { Pace } from './pace.ts';
import type { ProjectedEvent } from '../projected-event.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/** What a copy is made into. */
export type CopyTarget = Pick<ShadowWriter, 'projection' | 'position' | 'write' | 'takes'>;

export interface CopyOptions {
  /** Is told of every transaction: how many events went in, and up to where the log is copied. */
  readonly copied: (events: number, upTo: Position) => void;
  readonly pace: Pace;
  /** Throws its reason when aborted, between two batches. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Brings all writers from where they are to `until`, with one pass over the log for all of them. The next batch
 * is read while the last one is being written. Answers how many events there were.
 */
export async function copyToShadows(
  log: EventLog,
  writers: readonly CopyTarget[],
  until: Position,
  { copied, pace, signal }: CopyOptions,
): Promise<number> {
  const behind = writers.filter((writer) => writer.position < until);
  const [first, ...others] = behind.map((writer) => writer.position);
  if (first === undefined) return 0;
  const after = earliest(first, ...others);
  const streamPrefixes = [...new Set(behind.flatMap((writer) => writer.projection.streamPrefixes))];

  let total = 0;
  let batch = new EventBatch();
  let batchBytes = 0;
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (upTo: Position): Promise<void> => {
    await writing;
    signal?.throwIfAborted();
    const events = batch;
    batch = new EventBatch();
    batchBytes = 0;
    total += events.count;
    await pace.take(events.count, signal);
    const writes = behind.map((writer) => writer.write(events.of(writer.projection.streamPrefixes), upTo));
    writing = Promise.all(writes).then(() => copied(events.count, upTo));
    // Whoever awaits it next gets the error; until then it must not count as unhandled.
    writing.catch(() => undefined);
  };

  const { rebuildBatchBytesMax } = limits.projections;
  for await (const recorded of log.readAll({ after, until, streamPrefixes })) {
    const entry = feedEntry(recorded);
    if (entry.event.kind === 'bad') {
      // One that all leave out need not be understood by anybody.
      if (!behind.some((writer) => writer.takes(recorded))) continue;
      throw entry.event.error;
    }
    batch.add(entry.event.event);
    batchBytes += entry.bytes;
    if (batch.count >= pace.batchEventsMax || batchBytes >= rebuildBatchBytesMax) {
      await flush(recorded.position);
    }
  }
  await flush(until);
  await writing;
  return total;
}

/** Events in log order, and by category: most projections want one category, and need not look at the rest. */
class EventBatch {
  readonly #all: ProjectedEvent[] = [];
  readonly #byCategory = new Map<string, ProjectedEvent[]>();

  get count(): number {
    return this.#all.length;
  }

  add(event: ProjectedEvent): void {
    this.#all.push(event);
    const category = event.stream.slice(0, event.stream.indexOf('-') + 1);
    const known = this.#byCategory.get(category);
    if (known === undefined) this.#byCategory.set(category, [event]);
    else known.push(event);
  }

  /** At least the events of streams with one of these prefixes, in order. */
  of(prefixes: readonly string[]): readonly ProjectedEvent[] {
    const [prefix, ...others] = prefixes;
    const isCategory =
      prefix !== undefined && others.length === 0 && prefix.indexOf('-') === prefix.length - 1;
    return isCategory ? (this.#byCategory.get(prefix) ?? []) : this.#all;
  }
}
