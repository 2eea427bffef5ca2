import type { RecentCommandsJson } from './recent-commands.ts';

/**
 * An aggregate as it was at a revision. Disposable, and never believed without a look at the log: a revision
 * proves a stream's length, not its ancestry, so the event at `revision` must still have `lastEventId`.
 */
export interface Snapshot {
  /** See `snapshotVersion`. */
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
  readonly recentCommands: RecentCommandsJson;
}

export interface SnapshotStore {
  load(stream: string): Promise<Snapshot | undefined>;
  /** Keeps the later of two snapshots of the same epoch and fold version. */
  save(stream: string, snapshot: Snapshot): Promise<void>;
}

/** Of what stands around a decider's state in a snapshot. Raise it when `SnapshotBody` changes. */
const bodyVersion = 2;
const foldVersionsMax = 1_000;

/** What a snapshot must have been taken with to be of use: the decider's fold, and this code's body around it. */
export function snapshotVersion(foldVersion: number): number {
  return bodyVersion * foldVersionsMax + foldVersion;
}
