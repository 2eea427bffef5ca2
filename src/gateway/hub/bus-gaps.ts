import type { BusMessage, ProjectionProgress } from '../../projections/bus.ts';

interface Seen {
  readonly generation: number;
  readonly checkpoint: bigint;
}

/**
 * Notices that bus messages were lost. Every `changes` names the one before it, every `progress` the newest:
 * whatever does not join on to what was seen is a gap. What a partition's first message says is taken as it is.
 */
export class BusGaps {
  readonly #seen = new Map<string, Seen>();

  /** Takes note of a message. True when something before it was lost. */
  missedBefore(message: BusMessage): boolean {
    if (message.kind === 'progress') return this.missedUpTo(message.projections);
    const key = `${message.projection}/${message.partition}`;
    const seen = this.#seen.get(key);
    // The old generation's last words after a swap: everything in them is in the new one too.
    if (seen !== undefined && message.generation < seen.generation) return false;
    this.#seen.set(key, { generation: message.generation, checkpoint: message.checkpoint });
    if (seen === undefined) return false;
    return message.generation !== seen.generation || message.previous !== seen.checkpoint;
  }

  /** Takes note of how far the projections are. True when changes up to there were not seen. */
  missedUpTo(projections: readonly ProjectionProgress[]): boolean {
    let missed = false;
    for (const { projection, partition, generation, changed } of projections) {
      const key = `${projection}/${partition}`;
      const seen = this.#seen.get(key);
      if (seen !== undefined && (generation < seen.generation || isKnown(seen, generation, changed)))
        continue;
      this.#seen.set(key, { generation, checkpoint: changed });
      if (seen !== undefined) missed = true;
    }
    return missed;
  }
}

function isKnown(seen: Seen, generation: number, changed: bigint): boolean {
  return generation === seen.generation && changed <= seen.checkpoint;
}
