import type { StreamSource } from './stream-source.ts';
import type { Tables } from './tables.ts';

/** What the tables have. Their index ends at `indexedPosition`, which may be before the log does. */
export function tableSource(tables: Tables): StreamSource {
  return {
    head: (stream) => tables.head(stream),
    position: (stream, revision) => {
      const head = tables.head(stream);
      return head === undefined ? undefined : tables.positions.at(head.streamNumber, revision);
    },
    revisionOf: (stream, id) => {
      const head = tables.head(stream);
      return head === undefined ? undefined : tables.revisionOf(head.streamNumber, id);
    },
    record: (position) => tables.record(position),
  };
}
