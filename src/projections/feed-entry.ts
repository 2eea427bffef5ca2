import type { RecordedEvent } from '../commands/event-log.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { hash32 } from './partitions.ts';
import { toProjected } from './projected-event.ts';

/** An event on its way to the projections: read and brought into its newest shape once for all of them. */
export interface FeedEntry {
  readonly recorded: RecordedEvent;
  readonly event:
    | { readonly kind: 'ok'; readonly event: ProjectedEvent }
    | { readonly kind: 'bad'; error: unknown };
  /** Of its stream: modulo a generation's partitions, the partition that it belongs to. */
  readonly hash: number;
  /** About how much memory it takes. */
  readonly bytes: number;
}

/** An event that cannot be brought into its newest shape is an entry too: it stops those who need it, only. */
export function feedEntry(recorded: RecordedEvent): FeedEntry {
  const hash = hash32(recorded.stream);
  const bytes = approximateBytes(recorded.data) + overheadBytes;
  try {
    return { recorded, event: { kind: 'ok', event: toProjected(recorded) }, hash, bytes };
  } catch (error) {
    return { recorded, event: { kind: 'bad', error }, hash, bytes };
  }
}

/** Id, stream, metadata and the object itself. */
const overheadBytes = 512;

/** The size of plain data, near enough to bound a batch by. */
function approximateBytes(data: unknown): number {
  if (typeof data === 'string') return data.length;
  if (typeof data !== 'object' || data === null) return 8;
  let bytes = 16;
  for (const value of Object.values(data)) bytes += 8 + approximateBytes(value);
  return bytes;
}
