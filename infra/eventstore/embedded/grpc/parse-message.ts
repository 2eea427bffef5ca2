import type { Message } from 'google-protobuf';
import { invalidArgument } from './grpc-status.ts';

/** Decodes a request message. Throws `GrpcError` for bytes that are not one. */
export function parseMessage<M extends Message>(
  type: { deserializeBinary(bytes: Uint8Array): M },
  bytes: Uint8Array,
): M {
  try {
    return type.deserializeBinary(bytes);
  } catch {
    throw invalidArgument('the request is not a valid protobuf message');
  }
}
