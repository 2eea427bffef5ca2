import type { EventLog, Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import { earliest } from '../earliest.ts';
import { feedEntry } from '../feed-entry.ts';
import { poisonFailure } from '../projection-failure.ts';
import type { Pace } from './pace.ts';
import { EventBatch } from './event-batch.ts';
import { EventCannotBeRebuilt } from './rebuild-errors.ts';
import type { ShadowWriter } from './shadow-writer.ts';
import { WriteLanes } from './write-lanes.ts';

/** What a copy is made into. */
export type CopyTarget = Pick<ShadowWriter, 'projection' | 'position' | 'write' | 'takes'>;

export interface CopyOptions {
  /** Is told of every transaction: how many events went in, and up to where the log is copied. */
  readonly copied: (events: number, upTo: Position) => void;
  readonly pace: Pace;
  /** Throws its reason when aborted, between two batches. */
  readonly signal: AbortSignal | undefined;
  /** About so many bytes of events may be in memory. Default: `limits.projections.rebuildAheadBytesMax`. */
  readonly aheadBytesMax?: number;
}

/** The least number of batches that what may be in memory is good for: one is read while others are written. */
const batchesAhead = 4;

/**
 * Brings all writers from where they are to `until`, with one pass over the log for all of them. The log is read on
 * while they write, up to `aheadBytesMax`. Answers how many events there were. No write is under way any more when it
 * resolves or throws.
 */
export async function copyToShadows(
  log: EventLog,
  writers: readonly CopyTarget[],
  until: Position,
  { copied, pace, signal, aheadBytesMax = limits.projections.rebuildAheadBytesMax }: CopyOptions,
): Promise<number> {
  const behind = writers.filter((writer) => writer.position < until);
  const [first, ...others] = behind.map((writer) => writer.position);
  if (first === undefined) return 0;
  const after = earliest(first, ...others);
  const streamPrefixes = [...new Set(behind.flatMap((writer) => writer.projection.streamPrefixes))];
  const batchBytesMax = aheadBytesMax / batchesAhead;

  let total = 0;
  let batch = new EventBatch();
  const lanes = new WriteLanes(behind, { aheadBytesMax, copied });
  const flush = async (upTo: Position): Promise<void> => {
    signal?.throwIfAborted();
    const full = batch;
    batch = new EventBatch();
    total += full.count;
    await pace.take(full.count, signal);
    await lanes.push(full, upTo);
  };
  try {
    for await (const recorded of log.readAll({ after, until, streamPrefixes })) {
      const entry = feedEntry(recorded);
      if (entry.event.kind === 'bad') {
        // One that all leave out need not be understood by anybody.
        const taker = behind.find((writer) => writer.takes(recorded));
        if (taker === undefined) continue;
        throw new EventCannotBeRebuilt(taker.projection.name, poisonFailure(entry.event.error, recorded));
      }
      batch.add(entry.event.event, entry.bytes);
      if (batch.count >= pace.batchEventsMax || batch.bytes >= batchBytesMax) await flush(recorded.position);
    }
    await flush(until);
    await lanes.written();
    return total;
  } finally {
    await lanes.stop();
  }
}
