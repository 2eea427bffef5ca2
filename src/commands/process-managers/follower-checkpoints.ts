import type { Position } from '../event-log.ts';

/** How far each process manager has finished, per epoch of the log: a new history is followed from its start. */
export interface FollowerCheckpoints {
  load(name: string, epoch: string): Promise<Position | undefined>;
  /** Never moves backwards. */
  save(name: string, epoch: string, position: Position): Promise<void>;
}
