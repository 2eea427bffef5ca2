const partCount = 256;
const slotsAtFirst = 16;
/** A part that is fuller than this grows: linear probing gets slow beyond. */
const loadMax = 0.75;
const growth = 1.5;

/**
 * Which messages were sent, by the 64-bit hash of conversation, sender and clientMsgId: one set for all
 * conversations, of hashes alone, since the log may hold a hundred million messages. Linear probing in two typed
 * arrays of 32 bits each, in parts that grow one by one, so that growing never doubles the whole.
 *
 * A message takes 11 to 16 bytes, as full as the parts are; measured with 10 million: 11.0.
 *
 * Equal ids have equal hashes, so that nothing is missed. Among a hundred million different ones the chance of any
 * two equal hashes is 1 in 3,700; and whoever finds an equal one reads the stream to tell (see `Suspect`).
 */
export class SentIds {
  readonly #parts: Part[] = Array.from({ length: partCount }, () => emptyPart(slotsAtFirst));

  /** Answers whether a message of the same hash has been added before. `conversationNo` stands for its id. */
  add(conversationNo: number, senderId: string, clientMsgId: string): boolean {
    const [low, high] = hashOf(conversationNo, senderId, clientMsgId);
    const index = high >>> 24;
    let part = this.#parts[index];
    if (part === undefined) throw new Error(`there is no part ${index}`);
    if (part.used >= part.low.length * loadMax) {
      part = grown(part);
      this.#parts[index] = part;
    }
    return put(part, low, high);
  }

  /** What the set takes. */
  bytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.low.byteLength + part.high.byteLength, 0);
  }
}

interface Part {
  /** The hashes' lower halves; with a 0 in both, a slot is free. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  used: number;
}

function emptyPart(slots: number): Part {
  return { low: new Uint32Array(slots), high: new Uint32Array(slots), used: 0 };
}

function grown(part: Part): Part {
  const larger = emptyPart(Math.ceil(part.low.length * growth));
  for (let slot = 0; slot < part.low.length; slot += 1) {
    const low = part.low[slot] ?? 0;
    const high = part.high[slot] ?? 0;
    if ((low | high) !== 0) put(larger, low, high);
  }
  return larger;
}

function put(part: Part, low: number, high: number): boolean {
  const slots = part.low.length;
  // The high half chose the part, so that its upper bits are the same in all of it: the low half chooses the slot.
  let slot = low % slots;
  for (;;) {
    const lowThere = part.low[slot];
    const highThere = part.high[slot];
    if (lowThere === low && highThere === high) return true;
    if (lowThere === 0 && highThere === 0) break;
    slot = slot + 1 === slots ? 0 : slot + 1;
  }
  part.low[slot] = low;
  part.high[slot] = high;
  part.used += 1;
  return false;
}

/**
 * Two lanes of multiply and xor over the characters, with the finaliser of MurmurHash3 (Austin Appleby) at the
 * end. Never 0 in both halves. Whoever makes two ids of equal hash on purpose costs an auditor one read.
 */
function hashOf(conversationNo: number, senderId: string, clientMsgId: string): [low: number, high: number] {
  let low = Math.imul(conversationNo, 0x9e3779b1) | 0;
  let high = Math.imul(conversationNo ^ 0x5bd1e995, 0x85ebca77) | 0;
  for (let index = 0; index < senderId.length; index += 1) {
    const code = senderId.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul((high << 5) ^ (high >>> 27) ^ code, 0x27d4eb2f);
  }
  // A separator that no UTF-16 code unit equals, so that the two texts cannot be cut in another place.
  low = Math.imul(low ^ 0x10000, 0x01000193);
  high = Math.imul(high ^ 0x10000, 0x27d4eb2f);
  for (let index = 0; index < clientMsgId.length; index += 1) {
    const code = clientMsgId.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul((high << 5) ^ (high >>> 27) ^ code, 0x27d4eb2f);
  }
  const mixedLow = finalised(low ^ high);
  const mixedHigh = finalised(high + Math.imul(mixedLow, 0xc2b2ae35));
  return [mixedLow === 0 && mixedHigh === 0 ? 1 : mixedLow, mixedHigh];
}

function finalised(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
