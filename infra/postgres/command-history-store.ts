import type pg from 'pg';
import type { CommandHistory } from '../../src/commands/command-history.ts';

interface HistoryRow {
  readonly reached: bigint;
  readonly body_hash: string | null;
  readonly stream: string | null;
  readonly first_revision: bigint | null;
  readonly last_revision: bigint | null;
}

/** Reads the table that the `commands` projection fills, and how far its live generation has filled it. */
export function createCommandHistoryStore(pool: pg.Pool): CommandHistory {
  return {
    async find(commandId, epoch) {
      // One statement sees one moment. A partition that follows another history has nothing of this one, and a row
      // of another is of events that may not be in the log. Before the log had a name, there was one history only.
      const { rows } = await pool.query<HistoryRow>(
        `select progress.reached, command.body_hash, command.stream, command.first_revision, command.last_revision
         from (
           select coalesce(min(case when checkpoint.epoch = $2 then checkpoint.position else -1 end), -1) as reached
           from projection.generation
           join projection.checkpoint
             on checkpoint.name = generation.name and checkpoint.generation = generation.number
           where generation.name = 'commands' and generation.state = 'live'
         ) as progress
         left join hongbao_write.command_history as command
           on command.command_id = $1 and command.epoch in ($2, '')`,
        [commandId, epoch],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('the command history gave no row');
      const { reached, stream, body_hash: bodyHash } = row;
      if (stream === null || bodyHash === null) return { command: undefined, reached };
      const firstRevision = Number(row.first_revision);
      return {
        command: { bodyHash, stream, firstRevision, lastRevision: Number(row.last_revision) },
        reached,
      };
    },
  };
}
