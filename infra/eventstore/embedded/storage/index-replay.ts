import { decodeRecord, isTombstone, RecordCorrupt, recordId, type StoredRecord } from './stored-record.ts';
import { StreamLayer } from './stream-layer.ts';
import { tableSource } from './table-source.ts';
import type { Tables } from './tables.ts';

/**
 * Reads what the log has behind the tables' index, into a layer over them. It is what the commits had in memory:
 * the index follows from the log alone. Throws `RecordCorrupt` where that cannot be.
 */
export function replayIndex(tables: Tables): StreamLayer {
  const recent = new StreamLayer(tableSource(tables));
  const [indexed, last] = [tables.indexedPosition(), tables.lastPosition()];
  if (indexed > last) {
    throw new RecordCorrupt(indexed, `the index ends at position ${indexed} and the log at ${last}`);
  }
  for (let position = indexed + 1; position <= last; position++) {
    const bytes = tables.record(position);
    if (bytes === undefined) throw new RecordCorrupt(position);
    addRecord(recent, decodeRecord(bytes, position));
  }
  return recent;
}

function addRecord(recent: StreamLayer, record: StoredRecord): void {
  const stream = record.stream();
  if (isTombstone(record)) {
    recent.addTombstone(stream);
    return;
  }
  const revision = recent.add({ stream, type: record.type(), id: recordId(record) }, record.position);
  if (revision !== record.revision()) {
    const what = `revision ${record.revision()} of the stream ${stream} is written behind ${revision - 1}`;
    throw new RecordCorrupt(record.position, `${what}, at position ${record.position}`);
  }
}
