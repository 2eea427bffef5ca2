import type { EventOfType } from '../events.ts';
import type { PacketTerms } from '../packet/packet-terms.ts';

/**
 * Packets that wait for their message: rule M7. A packet is forgotten with its message, so that a second one finds
 * nothing; those that never get one (they were cancelled) stay.
 */
export class PacketMessages {
  readonly #waiting = new Map<string, Pick<PacketTerms, 'conversationId' | 'senderId'>>();

  sent({ packetId, conversationId, senderId }: PacketTerms): void {
    this.#waiting.set(packetId, { conversationId, senderId });
  }

  /** What is wrong with a message that should or should not show a packet; `undefined` when nothing is. */
  fault({
    kind,
    packetId,
    conversationId,
    senderId,
  }: EventOfType<'MessageSent'>['data']): string | undefined {
    if (packetId === null) return kind === 'packet' ? 'A packet message names no packet' : undefined;
    if (kind !== 'packet') return `A message of kind ${kind} names packet ${packetId}`;
    const packet = this.#waiting.get(packetId);
    if (packet === undefined) return `Packet ${packetId} was not sent before, or has a message already`;
    this.#waiting.delete(packetId);
    if (packet.conversationId !== conversationId) {
      return `Packet ${packetId} was sent into ${packet.conversationId}, its message into ${conversationId}`;
    }
    return packet.senderId === senderId
      ? undefined
      : `Packet ${packetId} of user ${packet.senderId} has a message of user ${senderId}`;
  }
}
