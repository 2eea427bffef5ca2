import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import type { EventContext } from '../decider.ts';
import type { PacketId } from '../ids.ts';
import type { DayTotal } from '../packet/packet-limits.ts';
import { addToDay, nothingYet } from '../packet/packet-limits.ts';
import type { PacketTerms } from '../packet/packet-terms.ts';
import type { WalletEvent } from './wallet-events.ts';
import type { KeyMemory } from './wallet-keys.ts';
import { forgottenBefore, grabCreditKey, keptFrom, refundCreditKey, sweep } from './wallet-keys.ts';

export interface WalletState {
  readonly opened: boolean;
  readonly balanceFen: number;
  /** By credit key. */
  readonly credits: KeyMemory<CreditTaken>;
  /** By packet id. */
  readonly fundings: KeyMemory<Funding>;
  /** Packets whose funding was swept: the id alone is kept for ever, so that none is ever paid for twice. */
  readonly fundedLongAgo: PersistentSet<string>;
  /** By the provider's reference. Kept for ever: taking one twice would make money out of nothing. */
  readonly transfers: PersistentMap<string, Transfer>;
  /** Packets that this user has sent on the latest day with one. */
  readonly sent: DayTotal;
  /** Shares that this user was credited with on the latest day with one. */
  readonly received: DayTotal;
  /** Credits that count from before this second may have been forgotten. */
  readonly forgottenBeforeSecond: number;
}

interface CreditTaken {
  readonly keptFromSecond: number;
}

export interface Funding {
  readonly keptFromSecond: number;
  readonly promise: PacketPromise;
  /** Where the PacketFunded event stands, with the terms that the send goes on with. */
  readonly revision: number;
}

/** What a sender asked for, without what the server adds anew each time it is asked. */
export type PacketPromise = Pick<
  PacketTerms,
  'conversationId' | 'kind' | 'totalFen' | 'count' | 'receivers'
> & { readonly nonce: string };

export interface Transfer {
  readonly direction: 'deposit' | 'withdrawal';
  readonly amountFen: number;
  /** What the wallet held right after it: the answer to whoever asks again. */
  readonly balanceAfterFen: number;
}

/** Memory of one entry each, measured: 244, 509 and 65 for each receiver, 206, 254. */
const creditBytes = 280;
const fundingBytes = 1_200;
const fundedLongAgoBytes = 250;
const transferBytes = 300;

export const initialWallet: WalletState = {
  opened: false,
  balanceFen: 0,
  credits: PersistentMap(),
  fundings: PersistentMap(),
  fundedLongAgo: PersistentSet(),
  transfers: PersistentMap(),
  sent: nothingYet,
  received: nothingYet,
  forgottenBeforeSecond: 0,
};

export function promiseOf(terms: PacketTerms): PacketPromise {
  const { conversationId, kind, totalFen, count, receivers, fairness } = terms;
  return { conversationId, kind, totalFen, count, receivers, nonce: fairness.nonce };
}

export function evolveWallet(before: WalletState, event: WalletEvent, at: EventContext): WalletState {
  const state = forget(before, at.timeMs);
  switch (event.type) {
    case 'WalletOpened':
      return { ...state, opened: true };
    case 'FundsDeposited':
      return transfer(state, 'deposit', event.data.providerRef, event.data.amountFen);
    case 'FundsWithdrawn':
      return transfer(state, 'withdrawal', event.data.providerRef, event.data.amountFen);
    case 'PacketFunded': {
      const { terms, amountFen } = event.data;
      const keptFromSecond = keptFrom(terms.expiresAtSecond, at.timeMs);
      const funding: Funding = { keptFromSecond, promise: promiseOf(terms), revision: at.revision };
      return {
        ...state,
        balanceFen: state.balanceFen - amountFen,
        fundings: state.fundings.set(terms.packetId, funding),
        sent: addToDay(state.sent, amountFen, at.timeMs),
      };
    }
    case 'GrabCredited': {
      const key = grabCreditKey(event.data.packetId, event.data.shareIndex);
      const received = addToDay(state.received, event.data.amountFen, at.timeMs);
      return { ...credit(state, key, event.data, at), received };
    }
    case 'RefundCredited':
      return credit(state, refundCreditKey(event.data.packetId), event.data, at);
  }
}

/** The revision of the PacketFunded event of this packet, if the wallet has funded it lately. */
export function fundedAtRevision(state: WalletState, packetId: PacketId): number | undefined {
  return state.fundings.get(packetId)?.revision;
}

/** What the wallet held right after the transfer with this reference, fen; `undefined` when there was none. */
export function balanceAfterTransfer(state: WalletState, providerRef: string): number | undefined {
  return state.transfers.get(providerRef)?.balanceAfterFen;
}

/**
 * Whether a credit of a packet that expired then may have been in this wallet and been forgotten: then its absence
 * from the state proves nothing, and only the whole stream tells.
 */
export function mayHaveForgotten(state: WalletState, expiresAtSecond: number): boolean {
  return expiresAtSecond < state.forgottenBeforeSecond;
}

function transfer(
  state: WalletState,
  direction: Transfer['direction'],
  providerRef: string,
  amountFen: number,
): WalletState {
  const balanceFen = state.balanceFen + (direction === 'deposit' ? amountFen : -amountFen);
  const known: Transfer = { direction, amountFen, balanceAfterFen: balanceFen };
  return { ...state, balanceFen, transfers: state.transfers.set(providerRef, known) };
}

function credit(
  state: WalletState,
  key: string,
  { amountFen, expiresAtSecond }: { readonly amountFen: number; readonly expiresAtSecond: number },
  at: EventContext,
): WalletState {
  const keptFromSecond = keptFrom(expiresAtSecond, at.timeMs);
  return {
    ...state,
    balanceFen: state.balanceFen + amountFen,
    credits: state.credits.set(key, { keptFromSecond }),
  };
}

function forget(state: WalletState, eventTimeMs: number): WalletState {
  const beforeSecond = forgottenBefore(state.forgottenBeforeSecond, eventTimeMs);
  if (beforeSecond === state.forgottenBeforeSecond) return state;
  const fundings = sweep(state.fundings, beforeSecond);
  const swept = state.fundings.keySeq().filter((packetId) => !fundings.has(packetId));
  return {
    ...state,
    credits: sweep(state.credits, beforeSecond),
    fundings,
    fundedLongAgo: state.fundedLongAgo.union(swept),
    forgottenBeforeSecond: beforeSecond,
  };
}

/** About how many bytes of memory the remembered keys take. */
export function walletBytes({ credits, fundings, fundedLongAgo, transfers }: WalletState): number {
  return (
    credits.size * creditBytes +
    fundings.size * fundingBytes +
    fundedLongAgo.size * fundedLongAgoBytes +
    transfers.size * transferBytes
  );
}

interface WalletSnapshot {
  readonly opened: boolean;
  readonly balanceFen: number;
  readonly credits: readonly (readonly [string, CreditTaken])[];
  readonly fundings: readonly (readonly [string, Funding])[];
  readonly fundedLongAgo: readonly string[];
  readonly transfers: readonly (readonly [string, Transfer])[];
  readonly sent: DayTotal;
  readonly received: DayTotal;
  readonly forgottenBeforeSecond: number;
}

export function walletToSnapshot(state: WalletState): WalletSnapshot {
  return {
    ...state,
    credits: [...state.credits],
    fundings: [...state.fundings],
    fundedLongAgo: [...state.fundedLongAgo],
    transfers: [...state.transfers],
  };
}

export function walletFromSnapshot(json: unknown): WalletState {
  const snapshot = json as WalletSnapshot;
  return {
    ...snapshot,
    credits: PersistentMap(snapshot.credits),
    fundings: PersistentMap(snapshot.fundings),
    fundedLongAgo: PersistentSet(snapshot.fundedLongAgo),
    transfers: PersistentMap(snapshot.transfers),
  };
}
