import { bytesToHex } from '@noble/hashes/utils.js';
import type { DecideContext, Decider, Decision, Rejection } from '../decider.ts';
import { accept, refuse, reject, rejection } from '../decider.ts';
import type { UserId } from '../ids.ts';
import { parseConversationId } from '../ids.ts';
import { sameJson } from '../same-json.ts';
import { checkTerms } from './check-terms.ts';
import { commitmentOf } from './fairness.ts';
import type { PacketCommand } from './packet-commands.ts';
import type { CancelReason, PacketEvent } from './packet-events.ts';
import type { PacketState, SentPacket } from './packet-state.ts';
import {
  evolvePacket,
  grant,
  initialPacket,
  packetBytes,
  packetFromSnapshot,
  packetToSnapshot,
} from './packet-state.ts';
import type { PacketTerms } from './packet-terms.ts';
import { splitAmount } from './split.ts';

type CommandOf<Type extends PacketCommand['type']> = Extract<PacketCommand, { readonly type: Type }>;

/**
 * One red packet: open from its sending to exactly one of three ends - exhausted by its last grab, refunded at
 * or after its expiry second, or cancelled because its message can never be delivered. All that could want it at
 * one moment go through its one stream, so that this is the one place that decides who gets what.
 */
export const packetDecider: Decider<PacketState, PacketCommand, PacketEvent> = {
  foldVersion: 2,
  initialState: initialPacket,
  decide,
  evolve: evolvePacket,
  isTerminal: (state) => state.status !== 'none' && state.status !== 'open',
  stateBytes: packetBytes,
  toSnapshot: packetToSnapshot,
  fromSnapshot: packetFromSnapshot,
};

function decide(command: PacketCommand, state: PacketState, context: DecideContext): Decision<PacketEvent> {
  if (command.type === 'OpenPacket') return openPacket(command.terms, state);
  if (state.status === 'none') return reject('packet-not-found', 'There is no such packet.');
  switch (command.type) {
    case 'GrabPacket':
      return grabPacket(command, state, context.nowMs);
    case 'ThankForPacket':
      return thankForPacket(command, state);
    case 'RefundPacket':
      return refundPacket(command.seed, state, context.nowMs);
    case 'CancelPacket':
      return cancelPacket(command.reason, command.seed, state);
  }
}

/** The lifetime is not checked here; see `checkExpiry`. */
function openPacket(terms: PacketTerms, state: PacketState): Decision<PacketEvent> {
  if (state.status !== 'none') {
    if (sameJson(state.terms, terms)) return accept();
    return reject('packet-exists', 'A packet with this id exists already.');
  }
  const refusal = checkTerms(terms);
  return refusal === undefined ? accept({ type: 'PacketSent', data: terms }) : refuse(refusal);
}

function grabPacket(
  { by, seed, verifier }: CommandOf<'GrabPacket'>,
  state: SentPacket,
  nowMs: number,
): Decision<PacketEvent> {
  const refusal = grabRefusal(state, by, nowMs);
  if (refusal !== undefined) return refuse(refusal);
  // Last, so that trying phrases tells nothing that one may not know anyway.
  const { phrase } = state.terms;
  if (phrase !== null && verifier !== phrase.verifier) return refuse(phraseWrong);
  assertSeed(seed, state.terms);
  const { packetId, senderId, kind, count, expiresAtSecond } = state.terms;
  const shareIndex = state.grants.size;
  const amountFen = splitAmount(seed, shareIndex, state.remainingFen, count - shareIndex, kind);
  const grabbed: PacketEvent = {
    type: 'PacketGrabbed',
    data: { packetId, userId: by, shareIndex, amountFen, expiresAtSecond },
  };
  if (shareIndex + 1 < count) return accept(grabbed);
  const luckiest = grant(state, by, { shareIndex, amountFen }).luckiest?.userId ?? by;
  return accept<PacketEvent>(grabbed, {
    type: 'PacketExhausted',
    data: { packetId, senderId, luckiest, seed: bytesToHex(seed) },
  });
}

/**
 * Why `by` gets no share at `nowMs`; `undefined` when they get one. The order is part of the contract, so that
 * an answer does not depend on what else happens to be true: what is so for ever comes first.
 *
 *  1. `packet-cancelled`: it was never there for anybody.
 *  2. `already-grabbed`: they have their share, whatever became of the packet since.
 *  3. `not-a-receiver`: it is not for them, whatever becomes of it.
 *  4. `packet-exhausted`
 *  5. `packet-expired`: refunded, or the clock has reached the expiry second.
 */
export function grabRefusal(state: SentPacket, by: UserId, nowMs: number): Rejection | undefined {
  if (state.status === 'cancelled') return packetCancelled;
  if (state.grants.has(by)) return rejection('already-grabbed', 'You have had a share of this packet.');
  if (!mayReceive(state.terms, by)) return rejection('not-a-receiver', 'The packet is meant for others.');
  if (state.status === 'exhausted' || state.grants.size >= state.terms.count) return packetExhausted;
  if (state.status === 'refunded' || hasExpired(state.terms, nowMs)) return packetExpired;
  return undefined;
}

/**
 * Whether the packet is meant for `userId`. In a group the sender may take a share too, unless the receivers
 * are named; between two it is for the other one. That they are in the conversation is the caller's to check.
 */
export function mayReceive(terms: PacketTerms, userId: UserId): boolean {
  if (terms.kind === 'exclusive') return terms.receivers.includes(userId);
  const parties = parseConversationId(terms.conversationId);
  if (parties?.kind === 'direct') return userId !== terms.senderId && parties.users.includes(userId);
  return true;
}

function thankForPacket(
  { by, note }: CommandOf<'ThankForPacket'>,
  { terms: { packetId, senderId }, grants }: SentPacket,
): Decision<PacketEvent> {
  const share = grants.get(by);
  if (share === undefined) return reject('no-share', 'You have no share of this packet.');
  if (share.thanked === true) return reject('already-thanked', 'You have said thank you for this packet.');
  const { shareIndex } = share;
  return accept({ type: 'PacketThanked', data: { packetId, senderId, userId: by, shareIndex, note } });
}

function refundPacket(seed: Uint8Array, state: SentPacket, nowMs: number): Decision<PacketEvent> {
  switch (state.status) {
    case 'refunded':
      return accept();
    case 'exhausted':
      return refuse(packetExhausted);
    case 'cancelled':
      return refuse(packetCancelled);
    case 'open': {
      if (!hasExpired(state.terms, nowMs)) {
        return reject('packet-not-expired', 'The packet has not expired yet.');
      }
      return accept({ type: 'PacketRefunded', data: ending(seed, state) });
    }
  }
}

/**
 * Only a packet of which nobody has a share can be taken back: one that was grabbed has reached its readers, and
 * is `packet-open` until its expiry returns the rest. To whoever cancels, every refusal means the same: the
 * money finds its way without them.
 */
function cancelPacket(reason: CancelReason, seed: Uint8Array, state: SentPacket): Decision<PacketEvent> {
  switch (state.status) {
    case 'cancelled':
      return accept();
    case 'exhausted':
      return refuse(packetExhausted);
    case 'refunded':
      return refuse(packetExpired);
    case 'open':
      if (state.grants.size > 0) {
        return reject('packet-open', 'Shares have been taken: the rest returns when the packet expires.');
      }
      return accept({ type: 'PacketCancelled', data: { ...ending(seed, state), reason } });
  }
}

/** What both ends that return money have in common. */
function ending(seed: Uint8Array, state: SentPacket) {
  assertSeed(seed, state.terms);
  const { packetId, senderId, expiresAtSecond } = state.terms;
  return { packetId, senderId, amountFen: state.remainingFen, expiresAtSecond, seed: bytesToHex(seed) };
}

function hasExpired(terms: PacketTerms, nowMs: number): boolean {
  return nowMs >= terms.expiresAtSecond * 1000;
}

/** A seed that does not open the commitment is a fault of the server, and must not reach the log. */
function assertSeed(seed: Uint8Array, { packetId, totalFen, count, fairness }: PacketTerms): void {
  const commitment = commitmentOf(seed, packetId, totalFen, count, fairness.algorithmVersion);
  if (commitment !== fairness.commitment) {
    throw new Error(`The seed of packet ${packetId} does not match the commitment that was published`);
  }
}

const packetCancelled = rejection('packet-cancelled', 'The packet was taken back.');
const packetExhausted = rejection('packet-exhausted', 'Every share has been taken.');
const phraseWrong = rejection('phrase-wrong', 'The phrase is missing or wrong.');
const packetExpired = rejection('packet-expired', 'The packet has expired.');
