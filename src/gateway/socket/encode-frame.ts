import type { WireError } from '../../protocol/errors.ts';
import type { PushData, PushType } from '../../protocol/pushes.ts';

/** A push as bytes, to be made once and shared between all who get it. */
export function encodePush<Type extends PushType>(type: Type, data: PushData[Type]): Buffer {
  return Buffer.from(JSON.stringify({ type, data }));
}

/** An accepted frame's reply as bytes. The id stands first: the outbox tells replies from pushes by it. */
export function encodeAccepted(id: number, data: unknown, position?: string): Buffer {
  return Buffer.from(JSON.stringify({ id, ok: true, data, position }));
}

/** A refused frame's reply as bytes. `id` is `null` when the frame could not be read so far. */
export function encodeRejected(id: number | null, error: WireError): Buffer {
  return Buffer.from(JSON.stringify({ id, ok: false, error }));
}

/** The client is to read again whatever it shows: some update was lost or dropped. */
export const resyncAllFrame: Buffer = encodePush('resync', { conversationId: null, from: null });
