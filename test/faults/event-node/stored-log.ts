import { dataFile } from '../../../infra/eventstore/embedded/storage/data-files.ts';
import { decodeRecord, recordId } from '../../../infra/eventstore/embedded/storage/stored-record.ts';
import { TOMBSTONE_TYPE } from '../../../infra/eventstore/embedded/storage/system-streams.ts';
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
    for (const [stream, head] of tables.streams('', Number.MAX_SAFE_INTEGER)) {
      if (!lastRevisions.has(stream)) lastRevisions.set(stream, head.revision);
    }
    return { lastPosition, events, byId, scavenged, lastRevisions, problems };
  } finally {
    await tables.close();
  }
}

function storedEvent(record: Buffer, position: number): StoredEvent {
  const decoded = decodeRecord(record, position);
  const type = decoded.type();
  const revision = type === TOMBSTONE_TYPE ? undefined : decoded.revision();
  return { position, stream: decoded.stream(), revision, id: recordId(decoded), type };
}

/** Revisions go up by one. Only the beginning of a stream may have been scavenged. */
function revisionProblems(event: StoredEvent, previous: number | undefined): string[] {
  const { stream, revision, position } = event;
  if (revision === undefined || previous === undefined || revision === previous + 1) return [];
  return [`position ${position}: ${stream} has revision ${revision} behind ${previous}`];
}
