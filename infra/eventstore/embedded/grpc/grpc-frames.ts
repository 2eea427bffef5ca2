/**
 * gRPC's message framing: one byte that says whether the message is compressed, four bytes of length, the
 * message. Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
 */
import { GrpcError, grpcStatus } from './grpc-status.ts';

export const FRAME_HEAD_BYTES = 5;

/** Writes a frame's head at `offset`; the message follows it. */
export function writeFrameHead(target: Buffer, messageBytes: number, offset: number): void {
  target[offset] = 0;
  target.writeUInt32BE(messageBytes, offset + 1);
}

/** A message in its frame. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_HEAD_BYTES + message.length);
  writeFrameHead(framed, message.length, 0);
  framed.set(message, FRAME_HEAD_BYTES);
  return framed;
}

/** A protobuf message as the generated code makes it. */
export interface Serializable {
  serializeBinary(): Uint8Array;
}

export const frameOf = (message: Serializable): Buffer => frame(message.serializeBinary());

/** Is told of messages as they come in. */
export interface FrameWatch {
  /** A message is whole. */
  complete(): void;
  /** So many bytes of a message are held that is not whole yet. May throw `GrpcError`. */
  incomplete(bytes: number): void;
}

/**
 * Cuts a request body into messages. Throws `GrpcError` for a compressed message (this node offers no
 * compression), for one over `bytesMax` (before its bytes are taken in) and for a body that ends inside one.
 */
export async function* readFrames(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
  watch?: FrameWatch,
): AsyncGenerator<Buffer, void, undefined> {
  const held = new GrowingBuffer();
  let needed = FRAME_HEAD_BYTES;
  for await (const chunk of chunks) {
    if (held.length + chunk.length < needed) {
      held.add(chunk, needed);
    } else {
      let bytes = held.length === 0 ? chunk : held.take(chunk);
      needed = neededBytes(bytes, bytesMax);
      while (bytes.length >= needed) {
        // Before the yield: what its receiver does with it is no delay of the sender's.
        watch?.complete();
        yield bytes.subarray(FRAME_HEAD_BYTES, needed);
        bytes = bytes.subarray(needed);
        needed = neededBytes(bytes, bytesMax);
      }
      // A copy: a few bytes must not keep all that came with them.
      held.add(bytes, needed);
    }
    watch?.incomplete(held.length);
  }
  if (held.length > 0) {
    throw new GrpcError(grpcStatus.internal, 'the request ended inside a message');
  }
}

/** How many bytes the first frame in `bytes` has; as many as its head has, when that is not whole. */
const neededBytes = (bytes: Buffer, bytesMax: number): number =>
  bytes.length < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + checkedLength(bytes, bytesMax);

/** Bytes that come in pieces. Pieces are copied, each of them less than twice: a million small ones cost their bytes. */
class GrowingBuffer {
  #buffer = Buffer.alloc(0);
  length = 0;

  /** `neededBytes` is how many there will be at most. */
  add(piece: Buffer, neededBytes: number): void {
    const length = this.length + piece.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(neededBytes, 2 * this.#buffer.length)));
      this.#buffer.copy(grown, 0, 0, this.length);
      this.#buffer = grown;
    }
    piece.copy(this.#buffer, this.length);
    this.length = length;
  }

  /** All bytes with one more piece, which are not held any more. */
  take(piece: Buffer): Buffer {
    const bytes = Buffer.concat([this.#buffer.subarray(0, this.length), piece]);
    this.#buffer = Buffer.alloc(0);
    this.length = 0;
    return bytes;
  }
}

function checkedLength(bytes: Buffer, bytesMax: number): number {
  if (bytes[0] !== 0) throw new GrpcError(grpcStatus.unimplemented, 'compressed messages are not supported');
  const length = bytes.readUInt32BE(1);
  if (length > bytesMax) {
    throw new GrpcError(
      grpcStatus.resourceExhausted,
      `a message of ${length} bytes is larger than the ${bytesMax} that this node receives`,
    );
  }
  return length;
}
