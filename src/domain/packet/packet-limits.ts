import type { Rejection } from '../decider.ts';
import { rejection } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import type { PacketTerms } from './packet-terms.ts';

/**
 * What an operator allows, within what the rules allow at all (`domainLimits.packet`). A limit holds for what is
 * sent from now on: packets that are out there stay as they are.
 */
export interface PacketLimits {
  readonly totalFenMax: number;
  readonly shareFenMax: number;
  /** Shares of one packet. */
  readonly countMax: number;
  readonly sentPerDay: DayLimits;
  readonly receivedPerDay: DayLimits;
}

export interface DayLimits {
  readonly fenMax: number;
  /** Packets. */
  readonly countMax: number;
}

const { countMax, shareFenMax } = domainLimits.packet;

export const defaultPacketLimits: PacketLimits = {
  totalFenMax: countMax * shareFenMax,
  shareFenMax,
  countMax,
  sentPerDay: { fenMax: 100_000_000, countMax: 10_000 },
  receivedPerDay: { fenMax: 100_000_000, countMax: 10_000 },
};

/** What a user has sent, or received, on one day. */
export interface DayTotal {
  /** See `dayOf`. */
  readonly day: number;
  readonly fen: number;
  readonly count: number;
}

export const nothingYet: DayTotal = { day: 0, fen: 0, count: 0 };

/** Days since the epoch, as they begin in China: at midnight by UTC+8, which has no summer time. */
export function dayOf(timeMs: number): number {
  return Math.floor((timeMs + domainLimits.packet.dayOffsetMs) / 86_400_000);
}

/** The calendar year, of the same days. */
export function yearOf(timeMs: number): number {
  return new Date(timeMs + domainLimits.packet.dayOffsetMs).getUTCFullYear();
}

/** The total after one packet, or share, more. A new day begins at nothing. */
export function addToDay(before: DayTotal, amountFen: number, timeMs: number): DayTotal {
  const day = dayOf(timeMs);
  // Recorded times never go back within a stream; a day that did would only be counted to the later one.
  if (day > before.day) return { day, fen: amountFen, count: 1 };
  return { day: before.day, fen: before.fen + amountFen, count: before.count + 1 };
}

/** Why a packet of this much would be too much for the day; `undefined` when it is not. */
export function dayRefusal(
  total: DayTotal,
  amountFen: number,
  nowMs: number,
  { fenMax, countMax }: DayLimits,
): Rejection | undefined {
  const after = addToDay(total, amountFen, nowMs);
  return after.fen > fenMax || after.count > countMax ? dailyLimit : undefined;
}

/** Why the operator does not allow such a packet; `undefined` when nothing is in the way. */
export function limitRefusal(
  { totalFen, count }: Pick<PacketTerms, 'totalFen' | 'count'>,
  limits: PacketLimits,
): Rejection | undefined {
  if (totalFen > limits.totalFenMax) {
    return rejection('amount-invalid', `A packet holds at most ${limits.totalFenMax} fen.`);
  }
  if (count > limits.countMax)
    return rejection('shares-invalid', `A packet has 1 to ${limits.countMax} shares.`);
  if (totalFen > count * limits.shareFenMax) {
    return rejection('amount-invalid', `A share holds at most ${limits.shareFenMax} fen.`);
  }
  return undefined;
}

const dailyLimit = rejection('daily-limit', 'This would be more than one may send or receive in a day.');
