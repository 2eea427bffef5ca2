/**
 * Random numbers that are the same in every run: mulberry32 (Tommy Ettinger, public domain), whose state is one
 * 32-bit word. Good enough to choose who writes to whom.
 */
export interface SeededRandom {
  /** 0 to `below` - 1. */
  below(below: number): number;
  /** One of a list that is not empty. */
  of<T>(items: readonly T[]): T;
  /** So many bytes, as base64. */
  base64(bytes: number): string;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound: number): number => next() % bound;
  return {
    below,
    of(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('nothing to choose from');
      return item;
    },
    base64: (bytes) =>
      Buffer.from(Uint8Array.from({ length: bytes }, () => next() & 0xff)).toString('base64'),
  };
}
