import type { Map as PersistentMap } from 'immutable';
import { domainLimits } from '../domain-limits.ts';
import type { PacketId } from '../ids.ts';

/** The key of a grab's credit. A wallet takes each key once. */
export function grabCreditKey(packetId: PacketId, shareIndex: number): string {
  return `${packetId}#${shareIndex}`;
}

/** The key of a refund's (or cancellation's) credit. A packet has at most one. */
export function refundCreditKey(packetId: PacketId): string {
  return `${packetId}#refund`;
}

/** Keys that are remembered for a while: key -> what is known of it, with the second it counts from. */
export type KeyMemory<Entry extends { readonly keptFromSecond: number }> = PersistentMap<string, Entry>;

/**
 * The second that a key's time in memory counts from. The packet's expiry, but not before the key was used: a
 * key that came late is remembered just as long, so that whoever has read the stream to prove that it was not
 * there is not overtaken by a sweep.
 */
export function keptFrom(expiresAtSecond: number, eventTimeMs: number): number {
  return Math.max(expiresAtSecond, Math.floor(eventTimeMs / 1000));
}

/**
 * How far a sweep at this recorded time forgets: keys whose second is before the returned one. Moves at most
 * once per `keySweepSeconds`, so that a sweep's cost is spread over all the events between two.
 */
export function forgottenBefore(previousSecond: number, eventTimeMs: number): number {
  const { keyKeptSeconds, keySweepSeconds } = domainLimits.wallet;
  const second = Math.floor(eventTimeMs / 1000) - keyKeptSeconds;
  return second >= previousSecond + keySweepSeconds ? second : previousSecond;
}

export function sweep<Entry extends { readonly keptFromSecond: number }>(
  memory: KeyMemory<Entry>,
  beforeSecond: number,
): KeyMemory<Entry> {
  return memory.filter((entry) => entry.keptFromSecond >= beforeSecond);
}
