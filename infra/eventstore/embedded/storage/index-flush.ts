import type { StreamLayer } from './stream-layer.ts';
import type { Tables } from './tables.ts';

/**
 * Puts what a layer has into the tables, which then cover the log up to `position`. To be called inside a
 * transaction. Each head is written once, however many of its events came.
 */
export function flushIndex(tables: Tables, recent: StreamLayer, position: number): void {
  let streamCount = tables.streamCount();
  for (const [name, additions] of recent.streams) {
    const { head } = additions;
    // A head from before the last flush does not know the number that its stream was given in that.
    const streamNumber = head.streamNumber ?? tables.head(name)?.streamNumber ?? streamCount++;
    tables.positions.put(streamNumber, additions.firstRevision, additions.positions);
    for (const [id, revision] of additions.revisions) tables.putRevisionOf(streamNumber, id, revision);
    tables.putHead(name, { ...head, streamNumber });
  }
  tables.putStreamCount(streamCount);
  tables.putIndexedPosition(position);
}
