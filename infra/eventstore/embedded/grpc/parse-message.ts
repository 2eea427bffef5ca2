import { BinaryReader, type Message } from 'google-protobuf';
import { invalidArgument } from './grpc-status.ts';

/** Decodes a request message. Throws `GrpcError` for bytes that are not one. */
export function parseMessage<M extends Message>(
  type: { new (): M; deserializeBinaryFromReader(message: M, reader: BinaryReader): M },
  bytes: Uint8Array,
): M {
  try {
    return type.deserializeBinaryFromReader(new type(), new BoundedReader(bytes));
  } catch {
    throw invalidArgument('the request is not a valid protobuf message');
  }
}

/** Wire types, from the encoding of protocol buffers (https://protobuf.dev/programming-guides/encoding/). */
const wireType = { delimited: 2, startGroup: 3, endGroup: 4 } as const;

/** Of the varint that says how long a field is: 32 bits. */
const lengthBytesMax = 5;

/**
 * A reader that stays within the message. The published one takes a field's length as it comes, and walks on behind
 * the end of the bytes: ten bytes that announce two GiB held the event loop for a minute and a half.
 */
class BoundedReader extends BinaryReader {
  readonly #bytes: Uint8Array;
  /** Where the innermost message ends that is being read. */
  #end: number;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  override nextField(): boolean {
    if (this.getCursor() > this.#end) throw new RangeError('the field before is longer than its message');
    if (!super.nextField()) return false;
    if (this.getFieldNumber() === 0) throw new RangeError('no field has the number 0');
    const type: number = this.getWireType();
    // Groups are older than this protocol, and reading over one would not come here for its fields.
    if (type === wireType.startGroup || type === wireType.endGroup) throw new RangeError('a group');
    if (type === wireType.delimited) this.#contentEnd();
    return true;
  }

  override readMessage: BinaryReader['readMessage'] = (message, read) => {
    const end = this.#end;
    this.#end = this.#contentEnd();
    BinaryReader.prototype.readMessage.call(this, message, read);
    this.#end = end;
  };

  /** Where the delimited field ends whose length comes next. Throws when that is behind the end of its message. */
  #contentEnd(): number {
    const from = this.getCursor();
    let length = 0;
    for (let index = 0; index < lengthBytesMax; index++) {
      const byte = this.#bytes[from + index];
      if (byte === undefined) break;
      length += (byte & 0x7f) * 2 ** (7 * index);
      if (byte >= 0x80) continue;
      const end = from + index + 1 + length;
      if (end > this.#end) break;
      return end;
    }
    throw new RangeError('a field is longer than its message');
  }
}
