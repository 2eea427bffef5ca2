import type { RecentCommandJson } from './recent-commands.ts';

/**
 * An aggregate as it was at a revision. Disposable, and never believed without a look at the log: a revision
 * proves a stream's length, not its ancestry, so the event at `revision` must still have `lastEventId`.
 */
export interface Snapshot {
  readonly foldVersion: number;
  /** The log's epoch: snapshots of another history are thrown away. */
  readonly epoch: string;
  readonly revision: number;
  readonly lastEventId: string;
  readonly body: SnapshotBody;
}

interface SnapshotBody {
  /** What the decider's `toSnapshot` made. */
  readonly state: unknown;
  readonly recentCommands: readonly RecentCommandJson[];
  /** The time of the newest command that was forgotten, ms; `null` when none was. */
  readonly forgottenUntilMs: number | null;
}

export interface SnapshotStore {
  load(stream: string): Promise<Snapshot | undefined>;
  /** Keeps the later of two snapshots of the same epoch and fold version. */
  save(stream: string, snapshot: Snapshot): Promise<void>;
}
