import type { EventLog } from '../../commands/event-log.ts';
import type { PacketId, UserId } from '../../domain/ids.ts';
import { packetDecider } from '../../domain/packet/packet-decider.ts';
import type { CancelReason, PacketEvent } from '../../domain/packet/packet-events.ts';
import type { PacketStatus } from '../../domain/packet/packet-state.ts';
import type { PacketTerms } from '../../domain/packet/packet-terms.ts';
import { streams } from '../../domain/streams.ts';
import { type FoldedStream, foldStream } from './fold-stream.ts';
import type { Moment } from './moment.ts';

export interface PacketView {
  readonly status: PacketStatus | 'none';
  readonly terms: PacketTerms | null;
  readonly sentAtMs: number | null;
  /** What it held: nothing once it had ended. */
  readonly remainingFen: number;
  readonly grabs: readonly {
    readonly shareIndex: number;
    readonly userId: UserId;
    readonly amountFen: number;
    readonly atMs: number;
  }[];
  /** The greatest share so far. */
  readonly luckiest: UserId | null;
  /**
   * How it had ended by then. Only here is a seed: while a packet is open nobody may know it, and none is in the
   * log; a packet that was open then is shown without the seed that was revealed later.
   */
  readonly end: {
    readonly atMs: number;
    readonly seed: string;
    readonly returnedFen: number;
    readonly reason: CancelReason | null;
  } | null;
}

/** A packet as it was at a moment. */
export async function packetAt(
  log: EventLog,
  packetId: PacketId,
  moment: Moment,
): Promise<FoldedStream<PacketView>> {
  let sentAtMs: number | null = null;
  const grabs: PacketView['grabs'][number][] = [];
  let end: PacketView['end'] = null;
  const observe = ({ type, data }: PacketEvent, { timeMs: atMs }: { readonly timeMs: number }): void => {
    switch (type) {
      case 'PacketSent':
        sentAtMs = atMs;
        break;
      case 'PacketGrabbed': {
        const { shareIndex, userId, amountFen } = data;
        grabs.push({ shareIndex, userId, amountFen, atMs });
        break;
      }
      case 'PacketExhausted':
        end = { atMs, seed: data.seed, returnedFen: 0, reason: null };
        break;
      case 'PacketRefunded':
        end = { atMs, seed: data.seed, returnedFen: data.amountFen, reason: null };
        break;
      case 'PacketCancelled':
        end = { atMs, seed: data.seed, returnedFen: data.amountFen, reason: data.reason };
        break;
    }
  };
  const folded = await foldStream(log, streams.packet(packetId), packetDecider, moment, observe);
  const { state } = folded;
  const sent = state.status === 'none' ? undefined : state;
  const view: PacketView = {
    status: state.status,
    terms: sent?.terms ?? null,
    sentAtMs,
    remainingFen: sent?.status === 'open' ? sent.remainingFen : 0,
    grabs,
    luckiest: sent?.luckiest?.userId ?? null,
    end: state.status === 'open' ? null : end,
  };
  return { ...folded, state: view };
}
