/**
 * Scavenging: removes the events that no reader of their stream can see any more, because of a deletion or of
 * metadata. What goes is always the beginning of a stream. In the log an empty record remains in each place, so
 * that a place without one is known to be damage. Readers of the whole log lose these events, too.
 */
import type { Logger } from 'pino';
import { limits } from '../../../../src/config/limits.ts';
import type { Clock } from '../../../../src/runtime/runtime.ts';
import { decodeRecord, RecordCorrupt, recordId } from './stored-record.ts';
import { readStreamState } from './stream-source.ts';
import { firstRevision, oldestShownMs, streamStatus } from './stream-state.ts';
import { isLinkStream } from './system-streams.ts';
import { tableSource } from './table-source.ts';
import type { TableHead, Tables } from './tables.ts';

export interface ScavengeResult {
  readonly streams: number;
  readonly events: number;
}

export interface ScavengeContext {
  readonly tables: Tables;
  /** Brings the index tables up to date; to be called with `alone`. */
  readonly flush: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs work while no commit is under way. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Goes over all streams by name. A stream with a damaged record is left as it is from there on. */
export async function removeHidden(context: ScavengeContext): Promise<ScavengeResult> {
  const { tables, signal, pause, alone, flush } = context;
  await alone(flush);
  let [streams, events, after] = [0, 0, ''];
  while (!signal.aborted) {
    const page = tables.streams(after, limits.eventNode.scanSliceEvents);
    for (const [name] of page) {
      const removed = await scavengeStream(context, name);
      events += removed;
      if (removed > 0) streams++;
      if (signal.aborted) break;
    }
    const last = page.at(-1);
    if (last === undefined) break;
    [after] = last;
    await pause();
  }
  return { streams, events };
}

/** Removes one stream's hidden events, in batches. Answers how many. */
async function scavengeStream(context: ScavengeContext, stream: string): Promise<number> {
  const { tables, logger, alone, flush, signal } = context;
  let removed = 0;
  for (let more = hasHidden(context, stream); more && !signal.aborted; ) {
    try {
      await alone(async () => {
        // What was written since may hide less. And a record that the index does not have yet must stay.
        await flush();
        const batch = removeBatch(context, stream);
        removed += batch.removed;
        more = batch.more;
        if (batch.writes !== undefined) await tables.commit(batch.writes);
      });
    } catch (error) {
      if (!(error instanceof RecordCorrupt)) throw error;
      logger.error({ err: error, stream }, 'a damaged stream is not scavenged');
      break;
    }
  }
  return removed;
}

function hasHidden(context: ScavengeContext, stream: string): boolean {
  const head = context.tables.head(stream);
  if (head === undefined) return false;
  try {
    return firstKept(context, stream, head) > head.scavengedBefore;
  } catch (error) {
    if (!(error instanceof RecordCorrupt)) throw error;
    context.logger.error({ err: error, stream }, 'a damaged stream is not scavenged');
    return false;
  }
}

/** The first revision that a reader may still see. Looks at most one batch beyond what is gone already. */
function firstKept({ tables, clock }: ScavengeContext, stream: string, head: TableHead): number {
  const state = readStreamState(tableSource(tables), stream);
  const end = head.revision + 1;
  if (streamStatus(state) !== 'present') return end;
  const first = Math.min(firstRevision(state), end);
  const oldestMs = oldestShownMs(state, clock.nowMs());
  if (!(oldestMs > 0)) return first;
  const limit = Math.min(end, head.scavengedBefore + limits.eventNode.scavengeBatchEvents);
  for (let revision = Math.max(first, head.scavengedBefore); revision < limit; revision++) {
    const record = storedAt(tables, head.streamNumber, revision);
    if (record !== undefined && record.createdMs >= oldestMs) return revision;
  }
  return Math.max(first, limit);
}

interface Batch {
  readonly removed: number;
  readonly more: boolean;
  readonly writes?: () => void;
}

function removeBatch(context: ScavengeContext, stream: string): Batch {
  const { tables } = context;
  const head = tables.head(stream);
  if (head === undefined) return { removed: 0, more: false };
  const { streamNumber, scavengedBefore } = head;
  const kept = firstKept(context, stream, head);
  const upTo = Math.min(kept, scavengedBefore + limits.eventNode.scavengeBatchEvents);
  if (upTo <= scavengedBefore) return { removed: 0, more: false };
  const places = placesOf(tables, stream, head, scavengedBefore, upTo);
  return {
    removed: places.filter(({ eventId }) => eventId !== undefined).length,
    more: true,
    writes: () => {
      tables.positions.remove(streamNumber, scavengedBefore, upTo);
      for (const { position, eventId } of places) {
        if (eventId === undefined) continue;
        tables.emptyRecord(position);
        tables.removeRevisionOf(streamNumber, eventId);
      }
      tables.putHead(stream, { ...head, scavengedBefore: upTo });
    },
  };
}

interface Place {
  readonly position: number;
  /** Undefined in the node's own streams of links, whose events belong to other streams. */
  readonly eventId: string | undefined;
}

function placesOf(tables: Tables, stream: string, head: TableHead, from: number, to: number): Place[] {
  const places: Place[] = [];
  for (let revision = from; revision < to; revision++) {
    const position = tables.positions.at(head.streamNumber, revision);
    if (position === undefined) continue;
    const record = isLinkStream(stream) ? undefined : tables.record(position);
    const eventId =
      record === undefined || record.length === 0 ? undefined : recordId(decodeRecord(record, position));
    places.push({ position, eventId });
  }
  return places;
}

function storedAt(tables: Tables, streamNumber: number, revision: number) {
  const position = tables.positions.at(streamNumber, revision);
  const record = position === undefined ? undefined : tables.record(position);
  return position === undefined || record === undefined || record.length === 0
    ? undefined
    : decodeRecord(record, position);
}
