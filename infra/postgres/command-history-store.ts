import type pg from 'pg';
import type { CommandHistory } from '../../src/commands/command-history.ts';

interface HistoryRow {
  readonly body_hash: string;
  readonly stream: string;
  readonly first_revision: bigint;
  readonly last_revision: bigint;
}

/** Reads the table that the `commands` projection fills. */
export function createCommandHistoryStore(pool: pg.Pool): CommandHistory {
  return {
    async find(commandId) {
      const { rows } = await pool.query<HistoryRow>(
        `select body_hash, stream, first_revision, last_revision from hongbao_write.command_history
         where command_id = $1`,
        [commandId],
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      return {
        bodyHash: row.body_hash,
        stream: row.stream,
        firstRevision: Number(row.first_revision),
        lastRevision: Number(row.last_revision),
      };
    },
  };
}
