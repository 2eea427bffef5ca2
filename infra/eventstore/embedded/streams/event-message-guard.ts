/**
 * A look at the messages that carry events, before they are decoded. Decoding costs memory and time by the number
 * of fields and not by bytes: a few MiB of empty events would become millions of objects.
 */
import { limits } from '../../../../src/config/limits.ts';
import { GrpcError, grpcStatus, invalidArgument } from '../grpc/grpc-status.ts';

/** Field numbers of the events in their messages, from the protocol's streams.proto. */
export const appendReqEvent = 2;
export const batchAppendReqEvent = 3;

/** Fields of an event that are bytes, and cost nothing to decode. */
const customMetadata = 3;
const data = 4;

/**
 * Throws `GrpcError` for a message that has more fields than an append can have, or whose fields, data aside, are
 * larger than they can be; or that is no protobuf. `eventField` is the field that holds its events.
 */
export function checkEventMessage(bytes: Uint8Array, eventField: number): void {
  const walk = new FieldWalk(bytes);
  for (let field = walk.next(bytes.length); field !== undefined; field = walk.next(bytes.length)) {
    if (field.number !== eventField) {
      walk.skip(field);
      continue;
    }
    for (let inner = walk.next(field.end); inner !== undefined; inner = walk.next(field.end)) {
      if (inner.number === customMetadata || inner.number === data) walk.at = inner.end;
      else walk.skip(inner);
    }
  }
}

interface Field {
  readonly number: number;
  /** Where its content ends; it begins where the walk is. */
  readonly end: number;
}

/** Goes over the fields of a message, one by one, and counts them. */
class FieldWalk {
  at = 0;
  readonly #bytes: Uint8Array;
  #fields = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next field before `end`, undefined when there is none. The walk is at its content then. */
  next(end: number): Field | undefined {
    if (this.at >= end) return undefined;
    if (++this.#fields > limits.eventNode.eventMessageFieldsMax) {
      throw new GrpcError(
        grpcStatus.resourceExhausted,
        `a message has at most ${limits.eventNode.eventMessageFieldsMax} fields`,
      );
    }
    const tag = this.#varint32();
    const contentEnd = this.#contentEnd(tag & 7);
    if (contentEnd > end) throw malformed();
    return { number: tag >>> 3, end: contentEnd };
  }

  /** Goes behind a field that is no data. */
  skip(field: Field): void {
    if (field.end - this.at > limits.eventNode.eventFieldBytesMax) {
      throw invalidArgument(
        `a field that is not data has at most ${limits.eventNode.eventFieldBytesMax} bytes`,
      );
    }
    this.at = field.end;
  }

  #contentEnd(wireType: number): number {
    switch (wireType) {
      case 0: {
        let end = this.at;
        while ((this.#bytes[end] ?? 0) >= 0x80) end++;
        return end + 1;
      }
      case 1:
        return this.at + 8;
      case 2: {
        const length = this.#varint32();
        return this.at + length;
      }
      case 5:
        return this.at + 4;
      default:
        // Groups are older than this protocol, and nothing has the two remaining types.
        throw malformed();
    }
  }

  /** A varint of at most 32 bits: the decoder would cut a longer one, and see other fields than this walk. */
  #varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 0x80;
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }
}

const malformed = (): GrpcError => invalidArgument('the request is not a valid protobuf message');
