import type { ClientMessageId, PacketId } from '../domain/ids.ts';
import { isUuid } from '../domain/ids.ts';

const prefix = 'packet-';

/** The id that a packet's message goes under when its sender has used the one meant for it for a text. */
export function packetMessageId(packetId: PacketId): ClientMessageId {
  return `${prefix}${packetId}` as ClientMessageId;
}

/**
 * Whether an id has the form of those. Clients may not use them: a packet's id can be computed beforehand, and one
 * whose message finds both its ids taken could never be finished.
 */
export function isPacketMessageId(id: ClientMessageId): boolean {
  return id.startsWith(prefix) && isUuid(id.slice(prefix.length));
}
