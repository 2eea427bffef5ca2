/**
 * What a way of splitting lucky packets must be like, over many packets of fixed seeds: the same answer every time,
 * so that a bound of five standard deviations is broken by a fault and by nothing else.
 *
 * Everything that is compared with is made here anew, from what the documents say of the split.
 */

/** Splits the packet of this number, the same way each time. */
export type Splitter = (number: number, totalFen: number, count: number) => readonly number[];

export type Law =
  | 'the shares add up to the total'
  | 'a share holds at least 1 fen'
  | 'a share holds at most what is stated'
  | 'every vector of shares has the chance that the law gives it'
  | 'the mean is the same for the first and for the last'
  | 'the variance of each share in order is that of the double mean'
  | 'a replay gives the same shares';

/** The greatest share, in fen. */
const most = 20_000;
const deviations = 5;

interface Case {
  readonly totalFen: number;
  readonly count: number;
  /** Of a million packets, how many thousand are of this case. */
  readonly thousands: number;
  /** Small enough for every outcome to be counted. */
  readonly counted?: true;
}

const cases: readonly Case[] = [
  { totalFen: 10, count: 2, thousands: 250, counted: true },
  { totalFen: 7, count: 3, thousands: 200, counted: true },
  { totalFen: 1_000, count: 5, thousands: 200 },
  // Near the greatest share, where the range is narrower than the double mean.
  { totalFen: 5 * 15_000, count: 5, thousands: 99 },
  // The ends of what there is: one share, a fen for each, a fen more, the largest packet.
  { totalFen: 1_234, count: 1, thousands: 100 },
  { totalFen: 3, count: 3, thousands: 50, counted: true },
  { totalFen: 4, count: 3, thousands: 100, counted: true },
  { totalFen: 100 * most, count: 100, thousands: 1 },
];

/** The laws that a way of splitting breaks, tried on a million packets times `part`. */
export function brokenLaws(splitter: Splitter, part = 1): ReadonlySet<Law> {
  const broken = new Set<Law>();
  for (const { totalFen, count, thousands, counted } of cases) {
    const packets = Math.round(thousands * 1_000 * part);
    const outcomes = new Map<string, number>();
    const moments = Array.from({ length: count }, () => new Moments());
    for (let number = 0; number < packets; number += 1) {
      const shares = splitter(number, totalFen, count);
      let sum = 0;
      for (const [index, share] of shares.entries()) {
        sum += share;
        if (!(share >= 1)) broken.add('a share holds at least 1 fen');
        if (!(share <= most)) broken.add('a share holds at most what is stated');
        moments[index]?.add(share);
      }
      if (sum !== totalFen || shares.length !== count) broken.add('the shares add up to the total');
      if (counted) increment(outcomes, shares.join(' '));
      if (number % 1_000 === 0 && splitter(number, totalFen, count).join() !== shares.join()) {
        broken.add('a replay gives the same shares');
      }
    }
    if (counted && !fits(outcomes, exactLaw(totalFen, count), packets)) {
      broken.add('every vector of shares has the chance that the law gives it');
    }
    const reference = referenceMoments(totalFen, count, packets);
    for (const [index, of] of moments.entries()) {
      // Rounding down twice the mean costs at most half a fen of it.
      const slackFen = 0.5 + deviations * of.meanError;
      if (Math.abs(of.mean - totalFen / count) > slackFen) {
        broken.add('the mean is the same for the first and for the last');
      }
      const wanted = reference[index] ?? new Moments();
      const slack = deviations * Math.hypot(of.varianceError, wanted.varianceError) + 1e-6;
      if (Math.abs(of.variance - wanted.variance) > slack) {
        broken.add('the variance of each share in order is that of the double mean');
      }
    }
  }
  return broken;
}

/** The range of a share, both ends in it, with `rest` fen and `left` shares left. */
export function range(rest: number, left: number): readonly [low: number, high: number] {
  const twiceTheMean = Math.floor((2 * rest) / left);
  return [Math.max(1, twiceTheMean - most), Math.min(twiceTheMean, rest - left + 1, most)];
}

/** Every vector of shares and its chance. */
function exactLaw(rest: number, left: number): ReadonlyMap<string, number> {
  if (left === 1) return new Map([[String(rest), 1]]);
  const law = new Map<string, number>();
  const [low, high] = range(rest, left);
  for (let share = low; share <= high; share += 1) {
    for (const [others, chance] of exactLaw(rest - share, left - 1)) {
      law.set(`${share} ${others}`, chance / (high - low + 1));
    }
  }
  return law;
}

/** Pearson's chi-square: whether what was counted may be of this law. */
function fits(
  counted: ReadonlyMap<string, number>,
  law: ReadonlyMap<string, number>,
  packets: number,
): boolean {
  if ([...counted.keys()].some((outcome) => !law.has(outcome))) return false;
  let chiSquare = 0;
  for (const [outcome, chance] of law) {
    const expected = chance * packets;
    chiSquare += ((counted.get(outcome) ?? 0) - expected) ** 2 / expected;
  }
  const freedom = law.size - 1;
  // Wilson and Hilferty: the cube root of chi-square over its degrees of freedom is nearly normal.
  const spread = 2 / (9 * Math.max(1, freedom));
  return freedom === 0 || Math.cbrt(chiSquare / freedom) < 1 - spread + deviations * Math.sqrt(spread);
}

/** Moments of the double mean by a simulation of its own: floating point, and another source of randomness. */
function referenceMoments(totalFen: number, count: number, packets: number): readonly Moments[] {
  const random = mulberry32(20_260_216);
  const moments = Array.from({ length: count }, () => new Moments());
  for (let packet = 0; packet < packets; packet += 1) {
    let rest = totalFen;
    for (const [index, of] of moments.entries()) {
      const [low, high] = index === count - 1 ? [rest, rest] : range(rest, count - index);
      const share = low + Math.floor(random() * (high - low + 1));
      of.add(share);
      rest -= share;
    }
  }
  return moments;
}

/** https://github.com/cprosche/mulberry32: a small generator, uniform on 0 .. 1. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Mean and variance of what was added, and how far off each may be by chance. */
class Moments {
  #count = 0;
  #shift = 0;
  readonly #sums = [0, 0, 0, 0];

  add(value: number): void {
    // Powers of what is near to 0 lose no digits.
    if (this.#count === 0) this.#shift = value;
    this.#count += 1;
    const off = value - this.#shift;
    let power = 1;
    for (let index = 0; index < 4; index += 1) {
      power *= off;
      this.#sums[index] = (this.#sums[index] ?? 0) + power;
    }
  }

  #raw(power: number): number {
    return (this.#sums[power - 1] ?? 0) / Math.max(1, this.#count);
  }

  get mean(): number {
    return this.#shift + this.#raw(1);
  }

  get variance(): number {
    return Math.max(0, this.#raw(2) - this.#raw(1) ** 2);
  }

  get meanError(): number {
    return Math.sqrt(this.variance / Math.max(1, this.#count));
  }

  get varianceError(): number {
    const [first, second, third, fourth] = [1, 2, 3, 4].map((power) => this.#raw(power)) as [
      number,
      number,
      number,
      number,
    ];
    const central = fourth - 4 * third * first + 6 * second * first ** 2 - 3 * first ** 4;
    return Math.sqrt(Math.max(0, central - this.variance ** 2) / Math.max(1, this.#count));
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
