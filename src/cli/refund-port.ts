import { START } from '../commands/event-log.ts';
import type { WriteSide } from '../commands/write-side.ts';
import type { RefundPacket } from '../projections/scheduler/refund-port.ts';

/** The write side's refund as the scheduler asks for it. */
export function refundPort(writeSide: Pick<WriteSide, 'refundPacket'>): RefundPacket {
  return async (packetId) => {
    const outcome = await writeSide.refundPacket(packetId);
    switch (outcome.kind) {
      case 'ended':
        return { kind: 'accepted', answer: undefined, position: START };
      case 'not-expired':
        return { kind: 'rejected', code: 'packet-not-expired', message: 'Its second has not come.' };
      case 'retry':
        return { kind: 'busy', retryAfterMs: outcome.afterMs };
    }
  };
}
