import type { PacketId, UserId } from '../domain/ids.ts';
import type { CancelReason } from '../domain/packet/packet-events.ts';
import type { PacketTerms } from '../domain/packet/packet-terms.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { streamKey } from './projected-event.ts';

export interface PacketGrabRow {
  readonly packetId: PacketId;
  readonly shareIndex: number;
  readonly userId: UserId;
  readonly amountFen: number;
  readonly timeMs: number;
  /** What its taker said for it; `null` when nothing. */
  readonly thanks: Sealed | null;
}

/** A thank-you for a share that was taken in an earlier batch. */
export type GrabThanks = Pick<PacketGrabRow, 'packetId' | 'shareIndex'> & { readonly thanks: Sealed };

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
  readonly thanks: readonly GrabThanks[];
  readonly end: PacketEnd | null;
}

/** Folds the events of any number of packets. */
export function foldPackets(events: readonly ProjectedEvent[]): readonly PacketDelta[] {
  const sent = new Map<PacketId, PacketDelta['sent']>();
  const grabs = new Map<PacketId, PacketGrabRow[]>();
  const thanks = new Map<PacketId, GrabThanks[]>();
  const ends = new Map<PacketId, PacketEnd>();
  const touched = new Set<PacketId>();

  for (const event of events) {
    const packetId = streamKey(event.stream) as PacketId;
    touched.add(packetId);
    if (event.type === 'PacketSent') {
      sent.set(packetId, { terms: event.data, atMs: event.timeMs });
    } else if (event.type === 'PacketGrabbed') {
      const { shareIndex, userId, amountFen } = event.data;
      const grab = { packetId, shareIndex, userId, amountFen, timeMs: event.timeMs, thanks: null };
      add(grabs, packetId, grab);
    } else if (event.type === 'PacketThanked') {
      const { shareIndex, note } = event.data;
      const inBatch = grabs.get(packetId) ?? [];
      const at = inBatch.findIndex((grab) => grab.shareIndex === shareIndex);
      const grab = inBatch[at];
      if (grab === undefined) add(thanks, packetId, { packetId, shareIndex, thanks: note });
      else inBatch[at] = { ...grab, thanks: note };
    } else {
      const end = endOf(event);
      if (end !== undefined) ends.set(packetId, end);
    }
  }
  return [...touched].map((packetId) => ({
    packetId,
    sent: sent.get(packetId) ?? null,
    grabs: grabs.get(packetId) ?? [],
    thanks: thanks.get(packetId) ?? [],
    end: ends.get(packetId) ?? null,
  }));
}

function add<Row>(rows: Map<PacketId, Row[]>, packetId: PacketId, row: Row): void {
  const known = rows.get(packetId);
  if (known === undefined) rows.set(packetId, [row]);
  else known.push(row);
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
