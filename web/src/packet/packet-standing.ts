import { parseConversationId, type UserId } from '../../../src/domain/ids.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';

/** What a packet is to one user at one moment. */
export type PacketStanding =
  | { readonly kind: 'grabbed'; readonly amountFen: number }
  | { readonly kind: 'can-grab' }
  /** Open, but meant for others; between two, the sender's own. */
  | { readonly kind: 'for-others' }
  | { readonly kind: 'exhausted' }
  /** `refunded` is false while the rest is on its way back. */
  | { readonly kind: 'expired'; readonly refunded: boolean }
  | { readonly kind: 'cancelled' };

/** The same order of reasons as the server's, so that the page never offers what would be refused. */
export function packetStanding(packet: PacketView, me: UserId, serverNowMs: number): PacketStanding {
  if (packet.state === 'cancelled') return { kind: 'cancelled' };
  if (packet.mine !== null) return { kind: 'grabbed', amountFen: packet.mine.amountFen };
  if (packet.state === 'exhausted' || packet.taken >= packet.count) return { kind: 'exhausted' };
  if (packet.state === 'refunded') return { kind: 'expired', refunded: true };
  if (serverNowMs >= packet.expiresAtSecond * 1000) return { kind: 'expired', refunded: false };
  return mayReceive(packet, me) ? { kind: 'can-grab' } : { kind: 'for-others' };
}

/** What nobody has taken, in fen; `undefined` when this user may not know what was taken. */
export function remainingFen(packet: PacketView): number | undefined {
  if (packet.state === 'exhausted') return 0;
  if (packet.grabs === null) return undefined;
  return packet.totalFen - packet.grabs.reduce((sum, grab) => sum + grab.amountFen, 0);
}

function mayReceive({ kind, receivers, conversationId, senderId }: PacketView, me: UserId): boolean {
  if (kind === 'exclusive') return receivers.includes(me);
  return parseConversationId(conversationId)?.kind !== 'direct' || me !== senderId;
}
