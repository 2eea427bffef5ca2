/** Checks everything in a data folder against everything else in it. */
import { replayIndex } from './index-replay.ts';
import { decodeRecord, isTombstone, RecordCorrupt, recordId } from './stored-record.ts';
import type { Tables } from './tables.ts';

export interface VerifyReport {
  /** Events that are there, and places whose event was scavenged. */
  readonly events: number;
  readonly scavenged: number;
  readonly streams: number;
  /** What is wrong, with its place; at most `PROBLEMS_MAX`. Empty: nothing is. */
  readonly problems: readonly string[];
}

export interface VerifyOptions {
  /** Only this many of the newest events, and not the counts of the indexes. */
  readonly newest?: number;
  readonly onProgress?: (position: number, last: number) => void;
}

const PROBLEMS_MAX = 100;
const PROGRESS_EVERY_EVENTS = 10_000;

/**
 * Reads the log from end to end: each place has a record with the right checksum, which its stream's index, the
 * index of ids and the stream's head know; and no index has more than that. What the log has behind the index must
 * follow on it, as a start will read it.
 */
export function verifyTables(tables: Tables, options: VerifyOptions = {}): VerifyReport {
  const problems: string[] = [];
  const problem = (text: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(text);
  };
  const last = tables.lastPosition();
  const indexed = Math.min(tables.indexedPosition(), last);
  const first = options.newest === undefined ? 1 : Math.max(1, last - options.newest + 1);
  let [events, scavenged] = [0, 0];
  for (let position = first; position <= indexed; position++) {
    const record = tables.record(position);
    if (record?.length === 0) scavenged++;
    else {
      events++;
      const wrong = checkRecord(tables, position, record);
      if (wrong !== undefined) problem(`position ${position}: ${wrong}`);
    }
    if (position % PROGRESS_EVERY_EVENTS === 0) options.onProgress?.(position, last);
  }
  const recent = readRecent(tables, problem);
  events += recent.events;
  if (options.newest !== undefined) return { events, scavenged, streams: 0, problems };
  const { streams, entries } = checkHeads(tables, problem);
  const found = tables.positions.count();
  if (found !== entries) problem(`the index has ${found} entries, and the streams' heads ask for ${entries}`);
  return { events, scavenged, streams: streams + recent.newStreams, problems };
}

/** The events behind the tables' index: how many, and how many streams only they have. */
function readRecent(tables: Tables, problem: (text: string) => void): { events: number; newStreams: number } {
  try {
    const { events, streams } = replayIndex(tables);
    const newStreams = [...streams.values()].filter(({ head }) => head.streamNumber === undefined).length;
    return { events, newStreams };
  } catch (error) {
    if (!(error instanceof RecordCorrupt)) throw error;
    problem(error.message);
    return { events: 0, newStreams: 0 };
  }
}

function checkRecord(tables: Tables, position: number, record: Buffer | undefined): string | undefined {
  if (record === undefined) return 'there is no record';
  let stored: ReturnType<typeof decodeRecord>;
  try {
    stored = decodeRecord(record, position);
  } catch {
    return 'the record does not match its checksum';
  }
  const stream = stored.stream();
  const head = tables.head(stream);
  if (head === undefined) return `its stream ${stream} has no head`;
  if (isTombstone(stored))
    return head.tombstoned ? undefined : `it ended ${stream}, and the head does not say so`;
  const revision = stored.revision();
  if (revision > head.revision) return `its revision ${revision} is beyond the head of ${stream}`;
  if (tables.positions.at(head.streamNumber, revision) !== position) {
    return `the index of ${stream} does not have it at revision ${revision}`;
  }
  const known = tables.revisionOf(head.streamNumber, recordId(stored));
  return known === undefined ? `${stream} does not know its id` : undefined;
}

/** How many streams there are, and how many index entries their heads ask for. */
function checkHeads(tables: Tables, problem: (text: string) => void): { streams: number; entries: number } {
  const numbers = tables.streamCount();
  let [streams, entries, after] = [0, 0, ''];
  for (;;) {
    const page = tables.streams(after, PROGRESS_EVERY_EVENTS);
    for (const [name, head] of page) {
      streams++;
      entries += head.revision + 1 - head.scavengedBefore;
      if (head.streamNumber >= numbers) problem(`the stream ${name} has a number that was never given`);
      // Nothing but a tombstone.
      if (head.revision < 0) continue;
      const newest = tables.positions.at(head.streamNumber, head.revision);
      if (newest === undefined && head.revision >= head.scavengedBefore) {
        problem(`the stream ${name} has no event at its last revision ${head.revision}`);
      }
    }
    const last = page.at(-1);
    if (last === undefined) return { streams, entries };
    [after] = last;
  }
}
