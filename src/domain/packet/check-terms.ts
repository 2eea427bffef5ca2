import type { Rejection } from '../decider.ts';
import { rejection } from '../decider.ts';
import { domainLimits } from '../domain-limits.ts';
import { isUuid, parseConversationId } from '../ids.ts';
import type { FairnessCommitment, PacketTerms } from './packet-terms.ts';
import { packetCovers } from './packet-terms.ts';

const { countMax, shareFenMax, ttlSecondsMin, ttlSecondsMax, ttlGraceMs, nonceBytesMin, nonceBytesMax } =
  domainLimits.packet;

/**
 * What is wrong with the terms whatever the time is; `undefined` when nothing. Checked when the packet is funded,
 * before any money moves, and again when it is opened.
 */
export function checkTerms(terms: PacketTerms): Rejection | undefined {
  return (
    checkIds(terms) ??
    checkShares(terms) ??
    checkReceivers(terms) ??
    checkLook(terms) ??
    checkFairness(terms.fairness)
  );
}

/**
 * What is wrong with the lifetime at `nowMs`; `undefined` when nothing. Checked when the packet is funded only:
 * a send that is finished after a crash may open a packet whose time is nearly, or quite, over, and its money
 * then goes back the usual way.
 */
export function checkExpiry(expiresAtSecond: number, nowMs: number): Rejection | undefined {
  const ttlMs = expiresAtSecond * 1000 - nowMs;
  const ok =
    Number.isSafeInteger(expiresAtSecond) &&
    ttlMs >= ttlSecondsMin * 1000 - ttlGraceMs &&
    // The expiry is a whole second: up to one more was added by rounding up.
    ttlMs <= ttlSecondsMax * 1000 + 1000;
  return ok ? undefined : ttlInvalid;
}

/** What is wrong with a lifetime that a user asks for; `undefined` when nothing. */
export function checkTtl(ttlSeconds: number): Rejection | undefined {
  const ok = Number.isSafeInteger(ttlSeconds) && ttlSeconds >= ttlSecondsMin && ttlSeconds <= ttlSecondsMax;
  return ok ? undefined : ttlInvalid;
}

/** The second at which a packet that is sent at `nowMs` expires: it lives for at least `ttlSeconds`. */
export function expirySecond(nowMs: number, ttlSeconds: number): number {
  return Math.ceil(nowMs / 1000) + ttlSeconds;
}

const ttlInvalid = rejection(
  'ttl-invalid',
  `A packet lives from ${ttlSecondsMin} seconds to ${ttlSecondsMax / 86_400} days.`,
);

function checkIds({ packetId, senderId, conversationId }: PacketTerms): Rejection | undefined {
  if (!isUuid(packetId)) return rejection('bad-request', 'A packet id is a UUID.');
  const parties = parseConversationId(conversationId);
  const outside = parties === undefined || (parties.kind === 'direct' && !parties.users.includes(senderId));
  if (outside)
    return rejection('conversation-not-found', 'There is no such conversation, or you are not in it.');
  return undefined;
}

function checkShares({ kind, totalFen, count }: PacketTerms): Rejection | undefined {
  if (!Number.isSafeInteger(totalFen) || totalFen <= 0) {
    return rejection('amount-invalid', 'An amount is a whole number of fen above 0.');
  }
  if (!Number.isSafeInteger(count) || count < 1 || count > countMax) {
    return rejection('shares-invalid', `A packet has 1 to ${countMax} shares.`);
  }
  if (count > totalFen) return rejection('shares-invalid', 'Every share holds at least 1 fen.');
  if (totalFen > count * shareFenMax) {
    return rejection('amount-invalid', `A share holds at most ${shareFenMax} fen.`);
  }
  if (kind !== 'lucky' && totalFen % count !== 0) {
    return rejection('amount-invalid', 'Equal shares need a total that the number of shares divides.');
  }
  return undefined;
}

function checkReceivers(terms: PacketTerms): Rejection | undefined {
  const { kind, count, receivers, senderId } = terms;
  const parties = parseConversationId(terms.conversationId);
  const isDirect = parties?.kind === 'direct';
  if (isDirect && count !== 1) {
    return rejection('shares-invalid', 'A packet for one person has one share.');
  }
  if (kind !== 'exclusive') {
    return receivers.length === 0
      ? undefined
      : rejection('receivers-invalid', 'Only an exclusive packet names its receivers.');
  }
  if (receivers.length !== count || new Set(receivers).size !== count) {
    return rejection(
      'receivers-invalid',
      'An exclusive packet names as many different receivers as it has shares.',
    );
  }
  if (receivers.includes(senderId)) {
    return rejection('receivers-invalid', 'The sender cannot be a receiver.');
  }
  if (isDirect && receivers.some((receiver) => !parties.users.includes(receiver))) {
    return rejection('receivers-invalid', 'The receiver is not in the conversation.');
  }
  return undefined;
}

function checkLook({ cover, phrase }: PacketTerms): Rejection | undefined {
  const known: readonly string[] = packetCovers;
  if (!known.includes(cover))
    return rejection('bad-request', `A cover is one of ${packetCovers.join(', ')}.`);
  const opens =
    phrase === null || (/^[0-9a-f]{64}$/.test(phrase.verifier) && isKeyVersion(phrase.masterKeyVersion));
  return opens ? undefined : rejection('bad-request', 'The verifier of a phrase is 32 bytes in hex.');
}

const isKeyVersion = (version: number): boolean => Number.isSafeInteger(version) && version >= 1;

function checkFairness({ algorithmVersion, masterKeyVersion, nonce, commitment }: FairnessCommitment) {
  const nonceBytes = nonce.length / 2;
  if (!/^(?:[0-9a-f]{2})+$/.test(nonce) || nonceBytes < nonceBytesMin || nonceBytes > nonceBytesMax) {
    return rejection(
      'nonce-invalid',
      `The nonce is ${nonceBytesMin} to ${nonceBytesMax} bytes in lower-case hex.`,
    );
  }
  const known = algorithmVersion === 1 && isKeyVersion(masterKeyVersion);
  if (!known || !/^[0-9a-f]{64}$/.test(commitment)) {
    return rejection('bad-request', 'The fairness commitment does not have the form of version 1.');
  }
  return undefined;
}
