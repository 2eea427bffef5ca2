/**
 * Checkable fairness. Before the first grab a packet publishes a commitment to its seed; when it ends, the seed
 * is revealed, and anyone can recompute every share from it. Runs in browsers.
 *
 * What it proves: the shares were fixed when the packet was sent, and nobody - the server's operator included -
 * chose them afterwards. What it does not: that the operator could not foresee them. The sender's nonce is part
 * of the seed, so that the operator cannot try out seeds before the sender has spoken.
 *
 * The commitment is SHA-256 over these bytes. Every field has a fixed width, so that no two inputs have the
 * same bytes:
 *
 *     21  "hongbao.commitment.v1"  ASCII
 *     32  seed
 *     16  packet id                the UUID's bytes
 *      8  total, fen               big-endian
 *      4  count                    big-endian
 *      4  algorithm version        big-endian
 *
 * For seed = 00 01 02 .. 1f, packet id = 01890a5d-ac96-774b-bcce-b302099a8057, total = 1000, count = 3,
 * version = 1 the commitment is
 * 8439edc74a6f63fba8785a87c8a864d1f913fb8d6a6c57515504027733803956
 * and the lucky shares are 155, 314 and 531 fen.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { domainLimits } from '../domain-limits.ts';
import { isUuid } from '../ids.ts';
import type { PacketTerms } from './packet-terms.ts';
import { allShares, seedBytes } from './split.ts';

const commitmentTag = utf8ToBytes('hongbao.commitment.v1');

/**
 * The commitment to a seed, as lower-case hex.
 * Throws `RangeError` for a seed that is not 32 bytes, an id that is not a UUID, or numbers that do not fit.
 */
export function commitmentOf(
  seed: Uint8Array,
  packetId: string,
  totalFen: number,
  count: number,
  algorithmVersion: number,
): string {
  if (seed.length !== seedBytes) throw new RangeError(`A seed has ${seedBytes} bytes, not ${seed.length}`);
  if (!isUuid(packetId)) throw new RangeError('A packet id is a UUID');
  if (!Number.isSafeInteger(totalFen) || totalFen < 0)
    throw new RangeError('A total is a whole number of fen');
  const message = new Uint8Array(commitmentTag.length + seedBytes + 16 + 16);
  message.set(commitmentTag);
  message.set(seed, commitmentTag.length);
  message.set(hexToBytes(packetId.replaceAll('-', '')), commitmentTag.length + seedBytes);
  const numbers = new DataView(message.buffer, commitmentTag.length + seedBytes + 16);
  numbers.setBigUint64(0, BigInt(totalFen));
  numbers.setUint32(8, count);
  numbers.setUint32(12, algorithmVersion);
  return bytesToHex(sha256(message));
}

/** What is checked about a packet that has ended: all public. */
export interface PacketEvidence {
  readonly terms: Pick<PacketTerms, 'packetId' | 'kind' | 'totalFen' | 'count' | 'fairness'>;
  /** The revealed seed, hex. */
  readonly seed: string;
  readonly grabs: readonly { readonly shareIndex: number; readonly amountFen: number }[];
}

export interface FairnessCheck {
  /** `shares-in-order`: the grabs are shares 0, 1, 2 ... `share-amount`: one grab's amount. */
  readonly check: 'seed-form' | 'commitment' | 'shares-in-order' | 'share-amount' | 'sum';
  readonly ok: boolean;
  /** The share that a `share-amount` is about. */
  readonly shareIndex?: number;
  /** What the terms and the seed say, and what the packet says, for display. */
  readonly expected: string;
  readonly actual: string;
}

/**
 * Recomputes a packet from its revealed seed. Never throws: evidence of any form gets a list of checks, and the
 * packet was split as promised exactly when all of them are `ok`.
 */
export function verifyPacket({ terms, seed: seedHex, grabs }: PacketEvidence): readonly FairnessCheck[] {
  const seed = parseSeed(seedHex);
  if (seed === undefined || !isUuid(terms.packetId)) {
    const expected = `${seedBytes} bytes in lower-case hex, for a packet that is named by a UUID`;
    return [{ check: 'seed-form', ok: false, expected, actual: `${seedHex}, ${terms.packetId}` }];
  }
  const shares = sharesOrNothing(seed, terms);
  if (shares === undefined) {
    const actual = `${terms.totalFen} fen in ${terms.count} shares`;
    return [{ check: 'sum', ok: false, expected: 'terms that can be shared out', actual }];
  }
  const { packetId, totalFen, count, fairness } = terms;
  const commitment = commitmentOf(seed, packetId, totalFen, count, fairness.algorithmVersion);
  const grantedFen = grabs.reduce((sum, grab) => sum + grab.amountFen, 0);
  const fromTermsFen = shares.slice(0, grabs.length).reduce((sum, share) => sum + share, 0);
  const inOrder = grabs.every((grab, index) => grab.shareIndex === index) && grabs.length <= count;
  return [
    equality('commitment', fairness.commitment, commitment),
    {
      check: 'shares-in-order',
      ok: inOrder,
      expected: `shares 0 to ${Math.min(grabs.length, count) - 1}`,
      actual: grabs.map((grab) => grab.shareIndex).join(' '),
    },
    ...grabs.map((grab) => ({
      ...equality('share-amount', String(shares[grab.shareIndex] ?? 'no such share'), String(grab.amountFen)),
      shareIndex: grab.shareIndex,
    })),
    equality('sum', String(fromTermsFen), String(grantedFen)),
  ];
}

function equality(check: FairnessCheck['check'], expected: string, actual: string): FairnessCheck {
  return { check, ok: expected === actual, expected, actual };
}

function parseSeed(hex: string): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(hex) ? hexToBytes(hex) : undefined;
}

function sharesOrNothing(seed: Uint8Array, terms: PacketEvidence['terms']): readonly number[] | undefined {
  const { totalFen, count } = terms;
  if (!Number.isSafeInteger(totalFen) || !Number.isSafeInteger(count)) return undefined;
  if (count < 1 || count > domainLimits.packet.countMax) return undefined;
  try {
    return allShares(seed, terms);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
