/**
 * How one event lies on disk: a header, then the finished wire bytes of the protocol's `RecordedEvent`.
 *
 *     0   u32  CRC-32 of everything after it, seeded with the position (so a record under another key is found)
 *     4   u16  offset and
 *     6   u16  length of the stream's name inside the wire bytes
 *     8   u16  offset and
 *     10  u16  length of the event type inside the wire bytes
 *     12  u48  when it was written, milliseconds since the Unix epoch
 *     18       RecordedEvent
 *
 * The wire bytes are made once, when the event is written: encoding them again for every read would be most
 * of a read's cost. The offsets let a filter look at name and type, and the time lets a reader skip what is too
 * old, without decoding the message.
 */
import { crc32 } from 'node:zlib';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { TOMBSTONE_TYPE } from './system-streams.ts';
import {
  bytesFieldSize,
  readVarint,
  varintSize,
  varintTag,
  writeBytes,
  writeBytesHead,
  writeVarint,
} from './wire.ts';

const HEADER_BYTES = 18;
const CREATED_OFFSET = 12;

/** Field numbers of `RecordedEvent` and of what it holds, from the protocol's streams.proto and shared.proto. */
const recordedEvent = {
  id: 1,
  streamIdentifier: 2,
  streamRevision: 3,
  preparePosition: 4,
  commitPosition: 5,
  metadata: 6,
  customMetadata: 7,
  data: 8,
} as const;
const uuidString = 2;
const structuredName = 3;
const mapKey = 1;
const mapValue = 2;

/** An event as a client proposed it, checked. */
export interface ProposedEvent {
  /** Lower-case text form of the UUID. */
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Where and when an event is recorded. */
export interface RecordPlace {
  readonly stream: string;
  readonly revision: number | typeof TOMBSTONE;
  readonly position: number;
  readonly createdMs: number;
}

/** The revision of a tombstone: none comes after it. The protocol has 2^63 - 1 for it. */
export const TOMBSTONE = 'tombstone';

/** 2^63 - 1 as a varint. */
const TOMBSTONE_VARINT = Buffer.from('ffffffffffffffff7f', 'hex');

/** A stored event, read back and verified. */
export interface StoredRecord {
  readonly position: number;
  /** The `RecordedEvent` message. */
  readonly wire: Buffer;
  /** When it was written, milliseconds since the Unix epoch. */
  readonly createdMs: number;
  stream(): string;
  type(): string;
  /** Not for tombstones, whose revision is no number that JavaScript has. */
  revision(): number;
  /** The event's data. Decodes the whole message. */
  data(): Uint8Array;
  /** Of a link that the node itself keeps: what it stands for. */
  readonly target?: StoredRecord;
}

/** The bytes of a record do not match their checksum. Never answered as if they did. */
export class RecordCorrupt extends Error {
  override readonly name: string = 'RecordCorrupt';
  constructor(
    position: number,
    message = `the record at position ${position} is missing or does not match its checksum`,
  ) {
    super(`${message}; restore the data folder from a backup`);
  }
}

/** The index of a stream has a hole where an event must be. */
export class RevisionMissing extends RecordCorrupt {
  override readonly name = 'RevisionMissing';
  constructor(stream: string, revision: number) {
    super(-1, `revision ${revision} of the stream ${stream} is missing in the index`);
  }
}

/** What an event counts towards the limit on an append, as EventStoreDB counts it. */
export function appendSize(event: ProposedEvent): number {
  return event.data.length + event.metadata.length + event.type.length * 2;
}

/** Encodes an event for the disk. */
export function encodeRecord(event: ProposedEvent, place: RecordPlace): Buffer {
  const id = Buffer.from(event.id, 'utf8');
  const stream = Buffer.from(place.stream, 'utf8');
  const type = Buffer.from(event.type, 'utf8');
  const contentType = Buffer.from(event.contentType, 'utf8');
  const created = Buffer.from(ticks(Math.trunc(place.createdMs)), 'utf8');

  const idSize = bytesFieldSize(id.length);
  const streamSize = bytesFieldSize(stream.length);
  const revisionSize = place.revision === TOMBSTONE ? TOMBSTONE_VARINT.length : varintSize(place.revision);
  const size =
    bytesFieldSize(idSize) +
    bytesFieldSize(streamSize) +
    (1 + revisionSize) +
    2 * (1 + varintSize(place.position)) +
    mapEntrySize(TYPE_KEY, type) +
    mapEntrySize(CREATED_KEY, created) +
    mapEntrySize(CONTENT_TYPE_KEY, contentType) +
    (event.metadata.length > 0 ? bytesFieldSize(event.metadata.length) : 0) +
    (event.data.length > 0 ? bytesFieldSize(event.data.length) : 0);

  const record = Buffer.allocUnsafe(HEADER_BYTES + size);
  let at: number = HEADER_BYTES;
  at = writeBytesHead(record, recordedEvent.id, idSize, at);
  at = writeBytes(record, uuidString, id, at);
  at = writeBytesHead(record, recordedEvent.streamIdentifier, streamSize, at);
  at = writeBytes(record, structuredName, stream, at);
  const streamStart = at - stream.length - HEADER_BYTES;
  // Zero is proto3's default and could be left out; written, it reads the same.
  record[at] = varintTag(recordedEvent.streamRevision);
  at =
    place.revision === TOMBSTONE
      ? at + 1 + TOMBSTONE_VARINT.copy(record, at + 1)
      : writeVarint(record, place.revision, at + 1);
  record[at] = varintTag(recordedEvent.preparePosition);
  at = writeVarint(record, place.position, at + 1);
  record[at] = varintTag(recordedEvent.commitPosition);
  at = writeVarint(record, place.position, at + 1);
  at = writeMapEntry(record, TYPE_KEY, type, at);
  const typeStart = at - type.length - HEADER_BYTES;
  at = writeMapEntry(record, CREATED_KEY, created, at);
  at = writeMapEntry(record, CONTENT_TYPE_KEY, contentType, at);
  if (event.metadata.length > 0) at = writeBytes(record, recordedEvent.customMetadata, event.metadata, at);
  if (event.data.length > 0) writeBytes(record, recordedEvent.data, event.data, at);

  record.writeUInt16LE(streamStart, 4);
  record.writeUInt16LE(stream.length, 6);
  record.writeUInt16LE(typeStart, 8);
  record.writeUInt16LE(type.length, 10);
  record.writeUIntLE(Math.trunc(place.createdMs), CREATED_OFFSET, 6);
  record.writeUInt32LE(checksum(record, place.position), 0);
  return record;
}

/** Reads a record back. Throws `RecordCorrupt` when a bit has changed since it was written. */
export function decodeRecord(record: Buffer, position: number): StoredRecord {
  if (record.length < HEADER_BYTES || record.readUInt32LE(0) !== checksum(record, position)) {
    throw new RecordCorrupt(position);
  }
  return readRecord(record, position);
}

/** A record that need not be verified: one that was just encoded. */
export function readRecord(record: Buffer, position: number): StoredRecord {
  const wire = record.subarray(HEADER_BYTES);
  const text = (header: number): string => {
    const start = record.readUInt16LE(header);
    return wire.toString('utf8', start, start + record.readUInt16LE(header + 2));
  };
  return {
    position,
    wire,
    createdMs: record.readUIntLE(CREATED_OFFSET, 6),
    stream: () => text(4),
    type: () => text(8),
    // It stands right behind the stream's name: one byte of tag, then a varint.
    revision: () => readVarint(wire, record.readUInt16LE(4) + record.readUInt16LE(6) + 1),
    data: () => streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(wire).getData_asU8(),
  };
}

/** Whether a record is the end of its stream. */
export const isTombstone = (record: StoredRecord): boolean =>
  record.type() === TOMBSTONE_TYPE && !Number.isSafeInteger(record.revision());

/** The id of a record's event, as text, without decoding the rest. */
export function recordId(record: StoredRecord): string {
  // The id field comes first and a UUID's text is shorter than 128 bytes, so tags and lengths are one byte each.
  return record.wire.toString('latin1', 4, 4 + (record.wire[3] ?? 0));
}

/** Milliseconds as ticks of 100 ns, in digits: more than a number holds exactly, and for a BigInt too often. */
const ticks = (ms: number): string => (ms === 0 ? '0' : `${ms}0000`);

const TYPE_KEY = Buffer.from('type');
const CREATED_KEY = Buffer.from('created');
const CONTENT_TYPE_KEY = Buffer.from('content-type');

function mapEntrySize(key: Uint8Array, value: Uint8Array): number {
  return bytesFieldSize(bytesFieldSize(key.length) + bytesFieldSize(value.length));
}

function writeMapEntry(target: Uint8Array, key: Uint8Array, value: Uint8Array, offset: number): number {
  const length = bytesFieldSize(key.length) + bytesFieldSize(value.length);
  let at = writeBytesHead(target, recordedEvent.metadata, length, offset);
  at = writeBytes(target, mapKey, key, at);
  return writeBytes(target, mapValue, value, at);
}

function checksum(record: Buffer, position: number): number {
  return crc32(record.subarray(4), position % 0x1_0000_0000);
}
