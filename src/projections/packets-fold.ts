import type { PacketId, UserId } from '../domain/ids.ts';
import type { CancelReason } from '../domain/packet/packet-events.ts';
import type { PacketTerms } from '../domain/packet/packet-terms.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';

export interface PacketGrabRow {
  readonly packetId: PacketId;
  readonly shareIndex: number;
  readonly userId: UserId;
  readonly amountFen: number;
  readonly timeMs: number;
}

export interface PacketEnd {
  readonly state: 'exhausted' | 'refunded' | 'cancelled';
  readonly endedAtMs: number;
  readonly luckiest: UserId | null;
  readonly refundedFen: number;
  readonly cancelReason: CancelReason | null;
  /** Hex; secret until the end, and so in no row before it. */
  readonly seed: string;
}

/** What a batch does to one packet. */
export interface PacketDelta {
  readonly packetId: PacketId;
  readonly sent: { readonly terms: PacketTerms; readonly atMs: number } | null;
  /** In order. */
  readonly grabs: readonly PacketGrabRow[];
  readonly end: PacketEnd | null;
}

/** Folds the events of any number of packets. */
export function foldPackets(events: readonly ProjectedEvent[]): readonly PacketDelta[] {
  const sent = new Map<PacketId, PacketDelta['sent']>();
  const grabs = new Map<PacketId, PacketGrabRow[]>();
  const ends = new Map<PacketId, PacketEnd>();
  const touched = new Set<PacketId>();

  for (const event of events) {
    const packetId = streamKey(event.stream) as PacketId;
    touched.add(packetId);
    if (event.type === 'PacketSent') {
      sent.set(packetId, { terms: event.data, atMs: event.timeMs });
    } else if (event.type === 'PacketGrabbed') {
      const { shareIndex, userId, amountFen } = event.data;
      const grab = { packetId, shareIndex, userId, amountFen, timeMs: event.timeMs };
      const known = grabs.get(packetId);
      if (known === undefined) grabs.set(packetId, [grab]);
      else known.push(grab);
    } else {
      const end = endOf(event);
      if (end !== undefined) ends.set(packetId, end);
    }
  }
  return [...touched].map((packetId) => ({
    packetId,
    sent: sent.get(packetId) ?? null,
    grabs: grabs.get(packetId) ?? [],
    end: ends.get(packetId) ?? null,
  }));
}

function endOf(event: ProjectedEvent): PacketEnd | undefined {
  const none = { endedAtMs: event.timeMs, luckiest: null, refundedFen: 0, cancelReason: null };
  switch (event.type) {
    case 'PacketExhausted': {
      const { luckiest, seed } = event.data;
      return { ...none, state: 'exhausted', luckiest, seed };
    }
    case 'PacketRefunded': {
      const { amountFen, seed } = event.data;
      return { ...none, state: 'refunded', refundedFen: amountFen, seed };
    }
    case 'PacketCancelled': {
      const { amountFen, reason, seed } = event.data;
      return { ...none, state: 'cancelled', refundedFen: amountFen, cancelReason: reason, seed };
    }
    default:
      return undefined;
  }
}
