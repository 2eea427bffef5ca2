import type { BusMessage, ProjectionProgress } from '../../projections/bus.ts';

interface Seen {
  readonly generation: number;
  readonly checkpoint: bigint;
}

/**
 * Notices that bus messages were lost. Every `changes` names, for each partition in it, the one before it, and every
 * `progress` the newest: whatever does not join on to what was seen is a gap. What a partition's first message says
 * is taken as it is.
 */
export class BusGaps {
  readonly #seen = new Map<string, Seen>();

  /** Takes note of a message. True when something before it was lost. */
  missedBefore(message: BusMessage): boolean {
    if (message.kind === 'progress') return this.missedUpTo(message.projections);
    const { projection, generation, partitions, checkpoint } = message;
    let missed = false;
    for (const { partition, previous } of partitions) {
      const key = `${projection}/${partition}`;
      const seen = this.#seen.get(key);
      // The old generation's last words after a swap: everything in them is in the new one too.
      // Or a message that came after the heartbeat, or the look at the database, that spoke of it.
      if (seen !== undefined && (generation < seen.generation || isKnown(seen, generation, checkpoint)))
        continue;
      this.#seen.set(key, { generation, checkpoint });
      if (seen === undefined) continue;
      if (generation !== seen.generation || previous !== seen.checkpoint) missed = true;
    }
    return missed;
  }

  /** Takes note of how far the projections are. True when changes up to there were not seen. */
  missedUpTo(projections: readonly ProjectionProgress[]): boolean {
    let missed = false;
    for (const { projection, partitions, generation, changed } of projections) {
      for (const partition of partitions) {
        const key = `${projection}/${partition}`;
        const seen = this.#seen.get(key);
        if (seen !== undefined && (generation < seen.generation || isKnown(seen, generation, changed)))
          continue;
        this.#seen.set(key, { generation, checkpoint: changed });
        if (seen !== undefined) missed = true;
      }
    }
    return missed;
  }
}

function isKnown(seen: Seen, generation: number, changed: bigint): boolean {
  return generation === seen.generation && changed <= seen.checkpoint;
}
