import type { Position } from './event-log.ts';

/** Whoever was told of positions of the log and remembers them outside of it. */
export interface LogWitness {
  /** The furthest position of this epoch that was seen; `START` when there is none. */
  newestSeen(epoch: string): Promise<Position>;
}
