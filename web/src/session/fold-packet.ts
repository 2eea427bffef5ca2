import type { PushData } from '../../../src/protocol/pushes.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';

/**
 * A packet after a push about it. The push leaves out what only a read tells (everyone's shares, the luckiest, the refund):
 * that is read again by the caller. Pushes never lead back, whatever order they come in.
 */
export function foldPacket(packet: PacketView, push: PushData['packet']): PacketView {
  return {
    ...packet,
    state: packet.state === 'open' ? push.state : packet.state,
    taken: Math.max(packet.taken, push.taken),
  };
}
