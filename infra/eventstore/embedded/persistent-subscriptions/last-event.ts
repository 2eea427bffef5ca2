import type { Clock } from '../../../../src/runtime/runtime.ts';
import { streamSequence } from '../storage/event-sequence.ts';
import type { EventStore } from '../storage/event-store.ts';

/**
 * The data of a stream's last event, parsed as JSON; undefined when it shows none, null when it is no JSON. Throws
 * `RecordCorrupt`.
 */
export function lastEventJson(store: EventStore, stream: string, clock: Clock): unknown {
  const sequence = streamSequence(store, stream, clock);
  const { status, first, last } = sequence.window();
  const record = status === 'present' && last >= first ? sequence.at(last) : undefined;
  if (record === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(record.data()).toString('utf8'));
  } catch {
    return null;
  }
}
