import type pg from 'pg';
import type { Snapshot, SnapshotStore } from '../../src/commands/snapshots.ts';

interface SnapshotRow {
  readonly fold_version: number;
  readonly epoch: string;
  readonly revision: bigint;
  readonly last_event_id: string;
  readonly body: string;
}

/** Snapshots of aggregates in a table that may be emptied at any time. */
export function createSnapshotStore(pool: pg.Pool): SnapshotStore {
  return {
    async load(stream) {
      const { rows } = await pool.query<SnapshotRow>(
        `select fold_version, epoch, revision, last_event_id, body from hongbao_write.snapshot
         where stream = $1`,
        [stream],
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      return {
        foldVersion: row.fold_version,
        epoch: row.epoch,
        revision: Number(row.revision),
        lastEventId: row.last_event_id,
        body: JSON.parse(row.body) as Snapshot['body'],
      };
    },

    async save(stream, snapshot) {
      // Two processes may be at different revisions: within one epoch and fold the later one stays.
      await pool.query(
        `insert into hongbao_write.snapshot as kept
           (stream, fold_version, epoch, revision, last_event_id, body)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (stream) do update
         set fold_version = excluded.fold_version, epoch = excluded.epoch, revision = excluded.revision,
             last_event_id = excluded.last_event_id, body = excluded.body
         where kept.epoch <> excluded.epoch or kept.fold_version <> excluded.fold_version
            or kept.revision < excluded.revision`,
        [
          stream,
          snapshot.foldVersion,
          snapshot.epoch,
          snapshot.revision,
          snapshot.lastEventId,
          JSON.stringify(snapshot.body),
        ],
      );
    },
  };
}
