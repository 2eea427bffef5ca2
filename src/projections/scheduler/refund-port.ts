import type { Outcome } from '../../commands/requests.ts';
import type { PacketId } from '../../domain/ids.ts';

/**
 * Refunds a packet whose second has come. Safe to call any number of times, from any number of processes: the
 * packet's own stream decides. A rejection that is not temporary means that the packet has ended another way.
 */
export type RefundPacket = (packetId: PacketId) => Promise<Outcome<unknown>>;
