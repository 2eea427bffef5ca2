import type { PacketId, UserId } from '../domain/ids.ts';
import type { Clock } from '../runtime/runtime.ts';

export interface PhraseTriesBounds {
  /** Wrong phrases of one user for one packet within a window. */
  readonly phraseTriesMax: number;
  readonly phraseTriesWindowMs: number;
  /** Users and packets that are remembered; the oldest is forgotten first. */
  readonly phraseTriesKept: number;
}

interface Tries {
  readonly wrong: number;
  /** Monotonic ms. */
  readonly untilMs: number;
}

/**
 * Counts wrong phrases, so that nobody finds one by trying. In memory: a restart forgets, and processes count for
 * themselves, which multiplies the tries by their number and no more.
 */
export class PhraseTries {
  readonly #clock: Clock;
  readonly #bounds: PhraseTriesBounds;
  readonly #tries = new Map<string, Tries>();

  constructor(clock: Clock, bounds: PhraseTriesBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /**
   * Takes one try, before the phrase is looked at: tries that are made at the same time count, too. False when there
   * is none left in this window.
   */
  take(packetId: PacketId, userId: UserId): boolean {
    const key = `${packetId}/${userId}`;
    const nowMs = this.#clock.monotonicMs();
    const before = this.#tries.get(key);
    const goesOn = before !== undefined && before.untilMs > nowMs;
    const wrong = goesOn ? before.wrong : 0;
    if (wrong >= this.#bounds.phraseTriesMax) return false;
    const untilMs = goesOn ? before.untilMs : nowMs + this.#bounds.phraseTriesWindowMs;
    this.#tries.delete(key);
    this.#tries.set(key, { wrong: wrong + 1, untilMs });
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > this.#bounds.phraseTriesKept && oldest !== undefined) this.#tries.delete(oldest);
    return true;
  }

  /** It was the right one, or did not matter. */
  forget(packetId: PacketId, userId: UserId): void {
    this.#tries.delete(`${packetId}/${userId}`);
  }
}
