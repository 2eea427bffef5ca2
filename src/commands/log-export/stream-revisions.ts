import { createHash } from 'node:crypto';

const slotsAtFirst = 1_024;
/** Fuller tables look too long for a free slot. */
const fillMax = 0.7;

/**
 * Which revision each stream has next, for millions of streams: names are kept as 64 bits of their hash, 16 bytes a
 * slot. Two names with one hash would be taken for one stream, which at ten million streams has a chance of about
 * 3 in a million and would refuse a good log.
 */
export class StreamRevisions {
  #keys = new BigUint64Array(slotsAtFirst);
  #next = new Float64Array(slotsAtFirst);
  #streams = 0;

  get streams(): number {
    return this.#streams;
  }

  /** Takes note of a stream's event. Answers the revision that it should have had. */
  take(stream: string, revision: number): number {
    if (this.#streams >= this.#keys.length * fillMax) this.#grow();
    const key = keyOf(stream);
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === 0n) {
      this.#keys[slot] = key;
      this.#streams += 1;
    }
    const expected = this.#next[slot] ?? 0;
    this.#next[slot] = revision + 1;
    return expected;
  }

  #slotOf(key: bigint): number {
    const mask = this.#keys.length - 1;
    let slot = Number(key & BigInt(mask));
    while (this.#keys[slot] !== 0n && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, next] = [this.#keys, this.#next];
    this.#keys = new BigUint64Array(keys.length * 2);
    this.#next = new Float64Array(keys.length * 2);
    for (const [index, key] of keys.entries()) {
      if (key === 0n) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#next[slot] = next[index] ?? 0;
    }
  }
}

/** 0 is a free slot. */
function keyOf(stream: string): bigint {
  return createHash('sha1').update(stream).digest().readBigUInt64LE() || 1n;
}
