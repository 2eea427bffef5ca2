/** Checks everything in a data folder against everything else in it. */
import { decodeRecord, recordId } from './stored-record.ts';
import { TOMBSTONE_TYPE } from './system-streams.ts';
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
 * index of ids and the stream's head know; and no index has more than that.
 */
export function verifyTables(tables: Tables, options: VerifyOptions = {}): VerifyReport {
  const problems: string[] = [];
  const problem = (text: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(text);
  };
  const last = tables.lastPosition();
  const first = options.newest === undefined ? 1 : Math.max(1, last - options.newest + 1);
  let [events, scavenged] = [0, 0];
  for (let position = first; position <= last; position++) {
    const record = tables.record(position);
    if (record?.length === 0) scavenged++;
    else {
      events++;
      const wrong = checkRecord(tables, position, record);
      if (wrong !== undefined) problem(`position ${position}: ${wrong}`);
    }
    if (position % PROGRESS_EVERY_EVENTS === 0) options.onProgress?.(position, last);
  }
  if (options.newest !== undefined) return { events, scavenged, streams: 0, problems };
  const { streams, indexed } = checkHeads(tables, problem);
  const found = tables.positionCount();
  if (found !== indexed) problem(`the index has ${found} entries, and the streams' heads ask for ${indexed}`);
  return { events, scavenged, streams, problems };
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
  if (stored.type() === TOMBSTONE_TYPE && head.tombstoned) return undefined;
  const revision = stored.revision();
  if (revision > head.revision) return `its revision ${revision} is beyond the head of ${stream}`;
  if (tables.position(head.streamNumber, revision) !== position) {
    return `the index of ${stream} does not have it at revision ${revision}`;
  }
  const known = tables.revisionOf(head.streamNumber, recordId(stored));
  return known === undefined ? `${stream} does not know its id` : undefined;
}

/** How many streams there are, and how many index entries their heads ask for. */
function checkHeads(tables: Tables, problem: (text: string) => void): { streams: number; indexed: number } {
  const numbers = tables.streamCount();
  let [streams, indexed, after] = [0, 0, ''];
  for (;;) {
    const page = tables.streams(after, PROGRESS_EVERY_EVENTS);
    for (const [name, head] of page) {
      streams++;
      indexed += head.revision + 1 - head.scavengedBefore;
      if (head.streamNumber >= numbers) problem(`the stream ${name} has a number that was never given`);
      // Nothing but a tombstone.
      if (head.revision < 0) continue;
      const newest = tables.position(head.streamNumber, head.revision);
      if (newest === undefined && head.revision >= head.scavengedBefore) {
        problem(`the stream ${name} has no event at its last revision ${head.revision}`);
      }
    }
    const last = page.at(-1);
    if (last === undefined) return { streams, indexed };
    [after] = last;
  }
}
