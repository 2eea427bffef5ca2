/** What a recall has to know of a message. */
export interface LatestMessage {
  readonly senderId: string;
  readonly timeMs: number;
  /** Marks it. Answers whether it had been recalled before. */
  recall(): boolean;
}

/**
 * The log's latest messages, of all conversations, in a ring that overwrites the oldest: a recall comes within two
 * minutes of its message. What is not here any more has to be looked up in its stream.
 *
 * It is searched from the newest on. That is quick for what is recalled soon, and asks nothing of a message but its
 * place: 21 bytes in typed arrays, and a reference to its sender.
 */
export class LatestMessages {
  readonly #size: number;
  readonly #conversations: Uint32Array;
  readonly #seqs: Float64Array;
  readonly #timesMs: Float64Array;
  readonly #recalled: Uint8Array;
  readonly #senders: string[] = [];
  #added = 0;

  constructor(size: number) {
    this.#size = size;
    this.#conversations = new Uint32Array(size);
    this.#seqs = new Float64Array(size);
    this.#timesMs = new Float64Array(size);
    this.#recalled = new Uint8Array(size);
  }

  add(conversationNo: number, seq: number, senderId: string, timeMs: number): void {
    const slot = this.#added % this.#size;
    this.#conversations[slot] = conversationNo;
    this.#seqs[slot] = seq;
    this.#timesMs[slot] = timeMs;
    this.#recalled[slot] = 0;
    this.#senders[slot] = senderId;
    this.#added += 1;
  }

  /** `undefined`: not one of the latest messages, or no message at all. */
  find(conversationNo: number, seq: number): LatestMessage | undefined {
    const oldest = Math.max(0, this.#added - this.#size);
    for (let index = this.#added - 1; index >= oldest; index -= 1) {
      const slot = index % this.#size;
      if (this.#conversations[slot] !== conversationNo || this.#seqs[slot] !== seq) continue;
      const recalled = this.#recalled;
      return {
        senderId: this.#senders[slot] ?? '',
        timeMs: this.#timesMs[slot] ?? 0,
        recall() {
          const before = recalled[slot] === 1;
          recalled[slot] = 1;
          return before;
        },
      };
    }
    return undefined;
  }
}
