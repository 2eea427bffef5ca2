/**
 * The answers of a Read call, decoded in one pass. Reading is most of what a projector does with its processor, and
 * the generated classes cost more than the rest of it together: a copy of each message, an object for each of its
 * parts, an array for each object. Events are decoded here from the wire (https://protobuf.dev/programming-guides/encoding/);
 * everything else, which is rare, by the generated classes.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Position, RecordedEvent } from '../../src/commands/event-log.ts';
import { isJsonType, parseJson, parseMetadata, uuidText } from './encoding.ts';

export type ReadAnswer =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  | { readonly kind: 'checkpoint'; readonly position: Position }
  | { readonly kind: 'caught-up' }
  /** A confirmation, or that there is no such stream. */
  | { readonly kind: 'other' };

/** Decodes one message. Throws `RangeError` for one that ends too early. */
export function decodeReadAnswer(bytes: Buffer): ReadAnswer {
  if (bytes[0] === eventField) {
    const reader = new WireReader(bytes);
    reader.at = 1;
    return decodeReadEvent(reader, reader.end());
  }
  const answer = streams.ReadResp.deserializeBinary(bytes);
  const checkpoint = answer.getCheckpoint();
  if (checkpoint !== undefined)
    return { kind: 'checkpoint', position: BigInt(checkpoint.getCommitPosition()) };
  return { kind: answer.hasCaughtUp() ? 'caught-up' : 'other' };
}

/** Tags (field number and wire type) of the protocol's streams.proto and shared.proto. */
const eventField = 0x0a;
const tags = {
  readEvent: { event: 0x0a },
  recordedEvent: {
    id: 0x0a,
    streamIdentifier: 0x12,
    streamRevision: 0x18,
    commitPosition: 0x28,
    metadata: 0x32,
    customMetadata: 0x3a,
    data: 0x42,
  },
  uuid: { string: 0x12 },
  streamIdentifier: { streamName: 0x1a },
  mapEntry: { key: 0x0a, value: 0x12 },
} as const;

/** An event, or a link whose target is gone, which is an answer without one. */
function decodeReadEvent(reader: WireReader, end: number): ReadAnswer {
  while (reader.at < end) {
    if (reader.byte() === tags.readEvent.event) {
      return { kind: 'event', event: decodeRecordedEvent(reader, reader.end()) };
    }
    reader.at -= 1;
    reader.skip();
  }
  return { kind: 'other' };
}

function decodeRecordedEvent(reader: WireReader, end: number): RecordedEvent {
  let id = '';
  let stream = '';
  let revision = 0;
  let position = 0n;
  let type = '';
  let contentType = '';
  let data: Buffer = empty;
  let metadata: Buffer = empty;
  while (reader.at < end) {
    switch (reader.byte()) {
      case tags.recordedEvent.id:
        id = decodeUuid(reader, reader.end());
        break;
      case tags.recordedEvent.streamIdentifier:
        stream = decodeOnly(reader, reader.end(), tags.streamIdentifier.streamName);
        break;
      case tags.recordedEvent.streamRevision:
        revision = Number(reader.varint());
        break;
      case tags.recordedEvent.commitPosition:
        position = BigInt(reader.varint());
        break;
      case tags.recordedEvent.metadata: {
        const entryEnd = reader.end();
        const from = reader.at;
        const key = decodeOnly(reader, entryEnd, tags.mapEntry.key);
        reader.at = from;
        const value = decodeOnly(reader, entryEnd, tags.mapEntry.value);
        if (key === 'type') type = value;
        else if (key === 'content-type') contentType = value;
        break;
      }
      case tags.recordedEvent.customMetadata:
        metadata = reader.bytes();
        break;
      case tags.recordedEvent.data:
        data = reader.bytes();
        break;
      default:
        reader.at -= 1;
        reader.skip();
    }
  }
  return {
    id,
    type,
    stream,
    revision,
    position,
    // A copy of what is kept as bytes: it must not keep the whole message, or what came with that.
    data: isJsonType(contentType) ? parseJson(data) : Uint8Array.from(data),
    metadata: parseMetadata(metadata),
  };
}

const empty = Buffer.alloc(0);

/** A UUID in the text form, whichever of the protocol's two forms a server sends. */
function decodeUuid(reader: WireReader, end: number): string {
  const from = reader.at;
  const text = decodeOnly(reader, end, tags.uuid.string);
  return text === '' ? uuidText(shared.UUID.deserializeBinary(reader.source.subarray(from, end))) : text;
}

/** The text of the one field that matters in a small message; the last one counts, as protobuf has it. */
function decodeOnly(reader: WireReader, end: number, tag: number): string {
  let text = '';
  while (reader.at < end) {
    if (reader.byte() === tag) {
      const textEnd = reader.end();
      text = reader.source.toString('utf8', reader.at, textEnd);
      reader.at = textEnd;
    } else {
      reader.at -= 1;
      reader.skip();
    }
  }
  return text;
}

/** Goes over a message's bytes. Every step checks that they are there. */
class WireReader {
  at = 0;
  readonly source: Buffer;

  constructor(source: Buffer) {
    this.source = source;
  }

  byte(): number {
    const byte = this.source[this.at++];
    if (byte === undefined) throw new RangeError('the message ends too early');
    return byte;
  }

  /** Reads a length; answers where what it is the length of ends. */
  end(): number {
    const length = Number(this.varint());
    const end = this.at + length;
    if (end > this.source.length) throw new RangeError('the message ends too early');
    return end;
  }

  bytes(): Buffer {
    const end = this.end();
    const bytes = this.source.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** An unsigned varint: a number where it is one exactly. */
  varint(): number | bigint {
    let value = 0;
    let scale = 1;
    // Seven groups of seven bits are exact.
    for (let groups = 0; groups < 7; groups++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    let large = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      large |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, large);
    }
    throw new RangeError('a number has too many bytes');
  }

  /** Goes behind a field of any number, whose tag is next. */
  skip(): void {
    const wireType = Number(this.varint()) & 7;
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 2) this.at = this.end();
    else if (wireType === 5) this.at += 4;
    else throw new RangeError(`a field has the wire type ${wireType}`);
  }
}
