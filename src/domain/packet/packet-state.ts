import { Map as PersistentMap } from 'immutable';
import type { UserId } from '../ids.ts';
import type { PacketEvent } from './packet-events.ts';
import type { PacketTerms } from './packet-terms.ts';

export interface Grant {
  /** 0-based. */
  readonly shareIndex: number;
  readonly amountFen: number;
  /** Whoever has it has said thank you. */
  readonly thanked?: true;
}

/** How a packet ended, or that it has not. */
export type PacketStatus = 'open' | 'exhausted' | 'refunded' | 'cancelled';

export type PacketState =
  | { readonly status: 'none' }
  | {
      readonly status: PacketStatus;
      readonly terms: PacketTerms;
      readonly grants: PersistentMap<UserId, Grant>;
      /** What was not granted. It stays as it was when the packet ends. */
      readonly remainingFen: number;
      /** Who has the greatest share so far, the earliest of equals; `null` before the first grab. */
      readonly luckiest: { readonly userId: UserId; readonly amountFen: number } | null;
    };

/** A packet that exists. */
export type SentPacket = Exclude<PacketState, { readonly status: 'none' }>;

/** Memory, measured: 851, 65 and 260. */
const termsBytes = 1_000;
const receiverBytes = 70;
const grantBytes = 300;

export const initialPacket: PacketState = { status: 'none' };

export function evolvePacket(state: PacketState, event: PacketEvent): PacketState {
  if (event.type === 'PacketSent') {
    const terms = event.data;
    return { status: 'open', terms, grants: PersistentMap(), remainingFen: terms.totalFen, luckiest: null };
  }
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'PacketGrabbed':
      return grant(state, event.data.userId, event.data);
    case 'PacketExhausted':
      return { ...state, status: 'exhausted' };
    case 'PacketThanked': {
      const { userId } = event.data;
      const share = state.grants.get(userId);
      if (share === undefined) return state;
      return { ...state, grants: state.grants.set(userId, { ...share, thanked: true }) };
    }
    case 'PacketRefunded':
      return { ...state, status: 'refunded' };
    case 'PacketCancelled':
      return { ...state, status: 'cancelled' };
  }
}

/** The packet after one more grab; the decider uses it to look one step ahead. */
export function grant(state: SentPacket, userId: UserId, { shareIndex, amountFen }: Grant): SentPacket {
  const best = state.luckiest;
  return {
    ...state,
    grants: state.grants.set(userId, { shareIndex, amountFen }),
    remainingFen: state.remainingFen - amountFen,
    luckiest: best !== null && best.amountFen >= amountFen ? best : { userId, amountFen },
  };
}

/** About how many bytes of memory the terms and the grants take. */
export function packetBytes(state: PacketState): number {
  if (state.status === 'none') return 0;
  return termsBytes + state.terms.receivers.length * receiverBytes + state.grants.size * grantBytes;
}

type PacketSnapshot =
  | { readonly status: 'none' }
  | (Omit<SentPacket, 'grants'> & { readonly grants: readonly (readonly [UserId, Grant])[] });

export function packetToSnapshot(state: PacketState): PacketSnapshot {
  if (state.status === 'none') return { status: 'none' };
  return { ...state, grants: [...state.grants] };
}

export function packetFromSnapshot(json: unknown): PacketState {
  const snapshot = json as PacketSnapshot;
  return 'grants' in snapshot ? { ...snapshot, grants: PersistentMap(snapshot.grants) } : snapshot;
}
