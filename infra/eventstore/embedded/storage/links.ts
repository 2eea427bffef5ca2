/** Links: events that stand for other events. Their data is `revision@stream`. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from './event-store.ts';
import { encodeRecord, readRecord, type StoredRecord } from './stored-record.ts';
import { firstRevision, oldestShownMs, streamStatus } from './stream-state.ts';
import { LINK_TYPE } from './system-streams.ts';

/**
 * The link of one of the node's own streams. It is not stored: the index has where its event is, and all else
 * follows from that. Its position is its event's.
 */
export function nativeLink(stream: string, revision: number, target: StoredRecord): StoredRecord {
  const { position, createdMs } = target;
  const link = {
    id: linkId(stream, revision),
    type: LINK_TYPE,
    contentType: 'application/octet-stream',
    data: Buffer.from(`${target.revision()}@${target.stream()}`),
    metadata: new Uint8Array(),
  };
  const record = readRecord(encodeRecord(link, { stream, revision, position, createdMs }), position);
  return { ...record, target };
}

/**
 * The event that a link stands for; undefined when it cannot be read any more, or the data names no event.
 * Throws `RecordCorrupt`.
 */
export function linkTarget(store: EventStore, clock: Clock, link: StoredRecord): StoredRecord | undefined {
  const { revision, stream } = link.target
    ? { revision: link.target.revision(), stream: link.target.stream() }
    : parseLink(Buffer.from(link.data()).toString('utf8'));
  if (stream === undefined) return undefined;
  const state = store.stream(stream);
  if (streamStatus(state) !== 'present' || revision < firstRevision(state)) return undefined;
  const target = link.target ?? store.streamReader(stream)(revision);
  if (target === undefined || target.createdMs < oldestShownMs(state, clock.nowMs())) return undefined;
  return target;
}

export const isLink = (record: StoredRecord): boolean => record.type() === LINK_TYPE;

function parseLink(data: string): { revision: number; stream: string | undefined } {
  const at = data.indexOf('@');
  const revision = Number(data.slice(0, at));
  const wellFormed = at > 0 && Number.isSafeInteger(revision) && revision >= 0 && at < data.length - 1;
  return { revision, stream: wellFormed ? data.slice(at + 1) : undefined };
}

/** A UUID of its own for each place of each stream, the same whenever it is asked for: RFC 9562, version 8. */
function linkId(stream: string, revision: number): string {
  const digest = hash('sha256', `${revision}@${stream}`, 'buffer').subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
