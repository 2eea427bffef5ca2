/**
 * How a packet's amount becomes shares: algorithm version 1. It may never change; another way of splitting is
 * another version, named in the packet's terms.
 *
 * Equal and exclusive packets: every share is the total divided by the count.
 *
 * Lucky packets use the double mean that WeChat's engineers have described: with R fen and n shares left, a
 * share is uniform between 1 fen and twice the mean of what is left, and the last one takes the rest. Its mean
 * is R/n (to within half a fen) whichever share it is, so it does not matter when one grabs. With a bound M on
 * a single share (20,000 fen), a share is uniform on low .. high:
 *
 *     high = min(floor(2R/n), R - (n-1), M)     leaves at least 1 fen for each share after it
 *     low  = max(1, floor(2R/n) - M)            leaves at most M fen for each share after it
 *
 * While the mean is at most M/2, `low` is 1 and this is the double mean. Above that, plain double mean would
 * exceed M, and cutting it off at M alone would make early shares smaller than late ones; `low` rises as much
 * as `high` is cut, so that the range stays centred on R/n. Both bounds hold to the end: from n <= R <= n*M
 * follows n-1 <= R-share <= (n-1)*M for every share in the range.
 *
 * The draw for share i is a function of the seed, i and the range only: HMAC-SHA256(key = seed, message =
 * "hongbao.split.v1", share index, attempt), both numbers as 4 bytes, big-endian. The digest's first 4 bytes
 * are a number below 2^32; those beyond the greatest multiple of the range's width are thrown away and the
 * next attempt is asked (rejection sampling), so that no share is more likely than another. No floats.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { domainLimits } from '../domain-limits.ts';
import type { PacketKind } from './packet-terms.ts';

/** The secret that a packet's shares follow from, in bytes. */
export const seedBytes = 32;

const splitTag = utf8ToBytes('hongbao.split.v1');
const drawSpace = 2 ** 32;

/**
 * The amount of share `index` (0-based), in fen, when `remainingFen` and `remainingShares` (this one included)
 * are left. Throws `RangeError` when those cannot be shared out, which terms that were checked never lead to.
 */
export function splitAmount(
  seed: Uint8Array,
  index: number,
  remainingFen: number,
  remainingShares: number,
  kind: PacketKind,
): number {
  const most = remainingShares * domainLimits.packet.shareFenMax;
  if (!(remainingShares >= 1 && remainingFen >= remainingShares && remainingFen <= most)) {
    throw new RangeError(`${remainingFen} fen do not make ${remainingShares} shares`);
  }
  if (kind !== 'lucky') return equalShare(remainingFen, remainingShares);
  if (remainingShares === 1) return remainingFen;
  const { low, high } = luckyRange(remainingFen, remainingShares);
  return low + drawBelow(seed, index, high - low + 1);
}

/** The range that a lucky share is drawn from, both ends included. At least two shares are left. */
export function luckyRange(remainingFen: number, remainingShares: number): { low: number; high: number } {
  const { shareFenMax } = domainLimits.packet;
  const doubleMean = Math.floor((2 * remainingFen) / remainingShares);
  return {
    low: Math.max(1, doubleMean - shareFenMax),
    high: Math.min(doubleMean, remainingFen - (remainingShares - 1), shareFenMax),
  };
}

/** All shares in the order they are granted in. */
export function allShares(
  seed: Uint8Array,
  terms: { readonly totalFen: number; readonly count: number; readonly kind: PacketKind },
): readonly number[] {
  const shares: number[] = [];
  let remainingFen = terms.totalFen;
  for (let index = 0; index < terms.count; index += 1) {
    const share = splitAmount(seed, index, remainingFen, terms.count - index, terms.kind);
    shares.push(share);
    remainingFen -= share;
  }
  return shares;
}

function equalShare(remainingFen: number, remainingShares: number): number {
  if (remainingFen % remainingShares !== 0) {
    throw new RangeError(`${remainingFen} fen do not make ${remainingShares} equal shares`);
  }
  return remainingFen / remainingShares;
}

/** A uniform integer on 0 .. `width` - 1. Each attempt fails with a chance of at most width / 2^32. */
function drawBelow(seed: Uint8Array, index: number, width: number): number {
  const fair = drawSpace - (drawSpace % width);
  const message = new Uint8Array(splitTag.length + 8);
  message.set(splitTag);
  const numbers = new DataView(message.buffer, splitTag.length);
  numbers.setUint32(0, index);
  for (let attempt = 0; ; attempt += 1) {
    numbers.setUint32(4, attempt);
    const digest = hmac(sha256, seed, message);
    const drawn = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
    if (drawn < fair) return drawn % width;
  }
}
