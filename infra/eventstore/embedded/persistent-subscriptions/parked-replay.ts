import { recordId } from '../storage/stored-record.ts';
import type { GroupCore } from './group-core.ts';
import type { GroupSettings } from './group-settings.ts';
import { messageBucket } from './message-bucket.ts';
import type { ParkedMessages } from './parked-messages.ts';

/**
 * Brings parked events back into their group, as it has room for them. What was replayed is forgotten in the
 * parked stream only when it is done: a node that dies meanwhile has it parked still.
 */
export class ParkedReplay {
  readonly #parked: ParkedMessages;
  readonly #core: GroupCore;
  readonly #settings: Pick<GroupSettings, 'strategy' | 'maxCheckpointCount'>;
  /** Revisions of the parked stream: taken up to `#next`, wanted up to `#stop`. */
  #next = 0;
  #stop = 0;
  /** What is before this revision was forgotten. */
  #truncated = 0;
  #isTruncating = false;

  constructor(
    parked: ParkedMessages,
    core: GroupCore,
    settings: Pick<GroupSettings, 'strategy' | 'maxCheckpointCount'>,
  ) {
    this.#parked = parked;
    this.#core = core;
    this.#settings = settings;
  }

  /** Events that are parked, those that are being replayed left aside. */
  get parkedCount(): number {
    const { first, end } = this.#parked.range;
    return end - Math.max(first, Math.min(this.#next, end));
  }

  get isUnderWay(): boolean {
    return this.#next < this.#stop || this.#core.firstReplaying !== undefined;
  }

  /** Asks for all that is parked now, up to (not including) the revision `stopAt` when there is one. */
  start(stopAt: number | undefined): void {
    const { first, end } = this.#parked.range;
    this.#next = Math.max(this.#next, first);
    this.#truncated = Math.max(this.#truncated, first);
    this.#stop = Math.max(this.#stop, Math.min(stopAt ?? end, end));
  }

  /** Hands over as much as the group has room for. */
  pull(): void {
    while (this.#next < this.#stop && this.#core.room > 0) {
      const index = this.#next++;
      const resolved = this.#parked.at(index);
      if (resolved === undefined) continue;
      const bucket = messageBucket(this.#settings.strategy, resolved);
      this.#core.replay({ id: recordId(resolved.link), index, bucket });
    }
  }

  /**
   * Forgets what is done, when that is all or much of it; undefined when there is nothing to do. Never rejects:
   * what is not forgotten now is forgotten with the next part.
   */
  truncateDone(): Promise<void> | undefined {
    const done = this.#core.firstReplaying ?? this.#next;
    const count = done - this.#truncated;
    if (this.#isTruncating || count <= 0) return undefined;
    const isMuch = count >= Math.max(1, this.#settings.maxCheckpointCount);
    return isMuch || !this.isUnderWay ? this.#truncate(done) : undefined;
  }

  async #truncate(done: number): Promise<void> {
    this.#isTruncating = true;
    try {
      await this.#parked.truncateBefore(done);
      this.#truncated = done;
    } catch {
      // The parked stream shows them still; they may be replayed once more.
    } finally {
      this.#isTruncating = false;
    }
  }
}
