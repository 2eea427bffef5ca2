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

/**
 * Cuts a request body into messages. Throws `GrpcError` for a compressed message (this node offers no
 * compression), for one over `bytesMax` (before its bytes are taken in) and for a body that ends inside one.
 */
export async function* readFrames(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let needed = FRAME_HEAD_BYTES;
  for await (const chunk of chunks) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    while (pendingBytes >= needed) {
      let bytes = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending);
      while (bytes.length >= FRAME_HEAD_BYTES) {
        const end = FRAME_HEAD_BYTES + checkedLength(bytes, bytesMax);
        if (bytes.length < end) break;
        yield bytes.subarray(FRAME_HEAD_BYTES, end);
        bytes = bytes.subarray(end);
      }
      // Joined again only when a whole message is there: a big one in small pieces is not copied each time.
      needed = bytes.length < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + bytes.readUInt32BE(1);
      pending = bytes.length > 0 ? [bytes] : [];
      pendingBytes = bytes.length;
    }
  }
  if (pendingBytes > 0) {
    throw new GrpcError(grpcStatus.internal, 'the request ended inside a message');
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
