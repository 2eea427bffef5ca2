import type { DecideContext, Decider, Decision } from '../decider.ts';
import { accept, refuse, reject } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import { checkExpiry, checkTerms } from '../packet/check-terms.ts';
import { dayRefusal, limitRefusal } from '../packet/packet-limits.ts';
import { sameJson } from '../same-json.ts';
import type { WalletCommand } from './wallet-commands.ts';
import type { WalletEvent } from './wallet-events.ts';
import { grabCreditKey, refundCreditKey } from './wallet-keys.ts';
import type { Transfer, WalletState } from './wallet-state.ts';
import {
  evolveWallet,
  initialWallet,
  mayHaveForgotten,
  promiseOf,
  walletBytes,
  walletFromSnapshot,
  walletToSnapshot,
} from './wallet-state.ts';

type CommandOf<Type extends WalletCommand['type']> = Extract<WalletCommand, { readonly type: Type }>;

/**
 * A wallet: whole fen, never below zero. Everything that moves money has a key of its own - the provider's
 * reference, the packet, the packet and share - and is accepted without an event when it is repeated, so that
 * whoever does not know whether it went through may just do it again.
 *
 * A wallet that was never opened is an empty one: opening only makes it visible.
 */
export const walletDecider: Decider<WalletState, WalletCommand, WalletEvent> = {
  foldVersion: 3,
  initialState: initialWallet,
  decide,
  evolve: evolveWallet,
  isTerminal: () => false,
  stateBytes: walletBytes,
  toSnapshot: walletToSnapshot,
  fromSnapshot: walletFromSnapshot,
};

function decide(command: WalletCommand, state: WalletState, context: DecideContext): Decision<WalletEvent> {
  switch (command.type) {
    case 'OpenWallet':
      if (state.opened) return accept();
      return accept({ type: 'WalletOpened', data: { userId: command.userId } });
    case 'Deposit':
      return deposit(command, state);
    case 'Withdraw':
      return withdraw(command, state);
    case 'FundPacket':
      return fundPacket(command, state, context.nowMs);
    case 'CreditGrab':
      return creditGrab(command, state);
    case 'CreditRefund':
      return creditRefund(command, state);
  }
}

function deposit(command: CommandOf<'Deposit'>, state: WalletState): Decision<WalletEvent> {
  const { userId, amountFen, providerRef } = command;
  const known = transferKnown(state, 'deposit', amountFen, providerRef);
  if (known !== undefined) return known;
  if (state.balanceFen + amountFen > domainLimits.wallet.balanceFenMax) {
    return reject('amount-invalid', 'A wallet does not hold as much as this would make.');
  }
  return accept({ type: 'FundsDeposited', data: { userId, amountFen, providerRef } });
}

function withdraw(command: CommandOf<'Withdraw'>, state: WalletState): Decision<WalletEvent> {
  const { userId, amountFen, providerRef } = command;
  const known = transferKnown(state, 'withdrawal', amountFen, providerRef);
  if (known !== undefined) return known;
  if (amountFen > state.balanceFen) return reject('insufficient-funds', 'The wallet holds less than this.');
  return accept({ type: 'FundsWithdrawn', data: { userId, amountFen, providerRef } });
}

/** The answer to a transfer that is not possible or that was made already; `undefined` for a new one. */
function transferKnown(
  state: WalletState,
  direction: Transfer['direction'],
  amountFen: number,
  providerRef: string,
): Decision<never> | undefined {
  const { transferFenMax, providerRefLengthMax } = domainLimits.wallet;
  if (!Number.isSafeInteger(amountFen) || amountFen <= 0 || amountFen > transferFenMax) {
    return reject('amount-invalid', `An amount is a whole number of fen from 1 to ${transferFenMax}.`);
  }
  if (providerRef.length === 0 || providerRef.length > providerRefLengthMax) {
    return reject('bad-request', `A provider reference has 1 to ${providerRefLengthMax} characters.`);
  }
  const before = state.transfers.get(providerRef);
  if (before === undefined) return undefined;
  if (before.direction === direction && before.amountFen === amountFen) return accept();
  return reject('reference-reused', 'This provider reference was used before for something else.');
}

/**
 * A packet is funded once. Asking for the same packet again - the same promise, though greeting and expiry are
 * made anew each time - is accepted without an event; the send goes on with the terms of the first time, which
 * stand in the event at `fundedAtRevision`.
 */
function fundPacket(
  { userId, terms, clientMsgId, limits }: CommandOf<'FundPacket'>,
  state: WalletState,
  nowMs: number,
): Decision<WalletEvent> {
  if (terms.senderId !== userId) return reject('forbidden', 'A packet is funded by its sender.');
  const funded = state.fundings.get(terms.packetId);
  if (funded !== undefined) {
    if (sameJson(funded.promise, promiseOf(terms))) return accept();
    return reject('packet-exists', 'A packet with this id exists already.');
  }
  if (state.fundedLongAgo.has(terms.packetId)) {
    return reject('packet-exists', 'A packet with this id existed long ago.');
  }
  const refusal =
    checkTerms(terms) ??
    checkExpiry(terms.expiresAtSecond, nowMs) ??
    limitRefusal(terms, limits) ??
    dayRefusal(state.sent, terms.totalFen, nowMs, limits.sentPerDay);
  if (refusal !== undefined) return refuse(refusal);
  if (terms.totalFen > state.balanceFen) {
    return reject('insufficient-funds', 'The wallet holds less than this.');
  }
  return accept({
    type: 'PacketFunded',
    data: { userId, amountFen: terms.totalFen, terms, clientMsgId },
  });
}

function creditGrab(command: CommandOf<'CreditGrab'>, state: WalletState): Decision<WalletEvent> {
  const { userId, packetId, shareIndex, amountFen, expiresAtSecond } = command;
  const known = creditKnown(state, grabCreditKey(packetId, shareIndex), command);
  if (known !== undefined) return known;
  return accept({
    type: 'GrabCredited',
    data: { userId, packetId, shareIndex, amountFen, expiresAtSecond },
  });
}

function creditRefund(command: CommandOf<'CreditRefund'>, state: WalletState): Decision<WalletEvent> {
  const { userId, packetId, amountFen, expiresAtSecond } = command;
  const known = creditKnown(state, refundCreditKey(packetId), command);
  if (known !== undefined) return known;
  return accept({ type: 'RefundCredited', data: { userId, packetId, amountFen, expiresAtSecond } });
}

/**
 * The answer to a credit that the wallet has or cannot tell about; `undefined` for a new one. `unknown-outcome`
 * means: the key is so old that it may have been forgotten; read the whole stream and, if the key is not there,
 * ask again with `absenceProven`. An amount that is no amount comes from a fault, not from a user: it throws.
 */
function creditKnown(
  state: WalletState,
  key: string,
  command: CommandOf<'CreditGrab' | 'CreditRefund'>,
): Decision<never> | undefined {
  if (!Number.isSafeInteger(command.amountFen) || command.amountFen <= 0) {
    throw new RangeError(`A credit of ${command.amountFen} fen under the key ${key}`);
  }
  if (state.credits.has(key)) return accept();
  if (command.absenceProven !== true && mayHaveForgotten(state, command.expiresAtSecond)) {
    return reject('unknown-outcome', 'The wallet no longer remembers keys of this age.');
  }
  return undefined;
}
