import { dataFile } from '../../../infra/eventstore/embedded/storage/data-files.ts';
import { replayIndex } from '../../../infra/eventstore/embedded/storage/index-replay.ts';
import {
  decodeRecord,
  isTombstone,
  recordId,
} from '../../../infra/eventstore/embedded/storage/stored-record.ts';
import { Tables } from '../../../infra/eventstore/embedded/storage/tables.ts';
import { verifyTables } from '../../../infra/eventstore/embedded/storage/verify-data.ts';
import { existsSync } from 'node:fs';

export interface StoredEvent {
  readonly position: number;
  readonly stream: string;
  /** Undefined for a tombstone. */
  readonly revision: number | undefined;
  readonly id: string;
  readonly type: string;
}

/** The log of a folder that no node has open. */
export interface StoredLog {
  readonly lastPosition: number;
  readonly events: readonly StoredEvent[];
  readonly byId: ReadonlyMap<string, StoredEvent>;
  readonly scavenged: ReadonlySet<number>;
  /** The last revision of each stream that is there, scavenged or not. */
  readonly lastRevisions: ReadonlyMap<string, number>;
  /** What disagrees with itself. */
  readonly problems: readonly string[];
}

/** Reads it from end to end, and checks it against its indexes. A folder without a data file is an empty log. */
export async function readStoredLog(dataDir: string): Promise<StoredLog> {
  const events: StoredEvent[] = [];
  const byId = new Map<string, StoredEvent>();
  const scavenged = new Set<number>();
  const lastRevisions = new Map<string, number>();
  if (!existsSync(dataDir) || !existsSync(dataFile(dataDir))) {
    return { lastPosition: 0, events, byId, scavenged, lastRevisions, problems: [] };
  }
  const tables = new Tables(dataDir);
  try {
    const problems = [...verifyTables(tables).problems];
    const lastPosition = tables.lastPosition();
    for (let position = 1; position <= lastPosition; position++) {
      const record = tables.record(position);
      if (record === undefined) continue;
      if (record.length === 0) {
        scavenged.add(position);
        continue;
      }
      const event = storedEvent(record, position);
      if (byId.has(event.id)) problems.push(`the event ${event.id} is there twice`);
      problems.push(...revisionProblems(event, lastRevisions.get(event.stream)));
      if (event.revision !== undefined) lastRevisions.set(event.stream, event.revision);
      byId.set(event.id, event);
      events.push(event);
    }
    if (problems.length === 0) addOtherStreams(tables, lastRevisions);
    return { lastPosition, events, byId, scavenged, lastRevisions, problems };
  } finally {
    await tables.close();
  }
}

/** Streams of which no event is there, and the node's own ones. */
function addOtherStreams(tables: Tables, lastRevisions: Map<string, number>): void {
  const recent = replayIndex(tables);
  const indexed = tables.streams('', Number.MAX_SAFE_INTEGER).map(([stream]) => stream);
  for (const stream of [...indexed, ...recent.streams.keys()]) {
    if (!lastRevisions.has(stream)) lastRevisions.set(stream, recent.head(stream)?.revision ?? -1);
  }
}

function storedEvent(record: Buffer, position: number): StoredEvent {
  const decoded = decodeRecord(record, position);
  const type = decoded.type();
  const revision = isTombstone(decoded) ? undefined : decoded.revision();
  return { position, stream: decoded.stream(), revision, id: recordId(decoded), type };
}

/** Revisions go up by one. Only the beginning of a stream may have been scavenged. */
function revisionProblems(event: StoredEvent, previous: number | undefined): string[] {
  const { stream, revision, position } = event;
  if (revision === undefined || previous === undefined || revision === previous + 1) return [];
  return [`position ${position}: ${stream} has revision ${revision} behind ${previous}`];
}
