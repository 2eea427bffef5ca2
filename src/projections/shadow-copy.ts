import type { EventLog, Position } from '../commands/event-log.ts';
import { limits } from '../config/limits.ts';
import { earliest } from './earliest.ts';
import { feedEntry } from './feed-entry.ts';
import type { ProjectedEvent } from './projected-event.ts';
import type { ProgressMeter } from './rebuild-progress.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/** What a copy is made into. */
export type CopyTarget = Pick<ShadowWriter, 'projection' | 'position' | 'write' | 'takes'>;

export interface CopyOptions {
  readonly meter: ProgressMeter;
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
  { meter, signal }: CopyOptions,
): Promise<number> {
  const behind = writers.filter((writer) => writer.position < until);
  const [first, ...others] = behind.map((writer) => writer.position);
  if (first === undefined) return 0;
  const names = behind.map((writer) => writer.projection.name);
  const after = earliest(first, ...others);
  const streamPrefixes = [...new Set(behind.flatMap((writer) => writer.projection.streamPrefixes))];

  let total = 0;
  let batch: ProjectedEvent[] = [];
  let batchBytes = 0;
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (upTo: Position): Promise<void> => {
    await writing;
    signal?.throwIfAborted();
    const events = batch;
    batch = [];
    batchBytes = 0;
    total += events.length;
    writing = Promise.all(behind.map((writer) => writer.write(events, upTo))).then(() =>
      meter.copied(events.length, upTo, until, names),
    );
    // Whoever awaits it next gets the error; until then it must not count as unhandled.
    writing.catch(() => undefined);
  };

  const { rebuildBatchEventsMax, rebuildBatchBytesMax } = limits.projections;
  for await (const recorded of log.readAll({ after, until, streamPrefixes })) {
    const entry = feedEntry(recorded);
    if (entry.event.kind === 'bad') {
      // One that all leave out need not be understood by anybody.
      if (!behind.some((writer) => writer.takes(recorded))) continue;
      throw entry.event.error;
    }
    batch.push(entry.event.event);
    batchBytes += entry.bytes;
    if (batch.length >= rebuildBatchEventsMax || batchBytes >= rebuildBatchBytesMax) {
      await flush(recorded.position);
    }
  }
  await flush(until);
  await writing;
  return total;
}
