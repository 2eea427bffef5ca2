import { limits } from '../config/limits.ts';
import { isUuid } from '../domain/ids.ts';
import { bulkRows } from './bulk-rows.ts';
import type { ProjectedEvent } from './projected-event.ts';
import { defineProjection } from './projection.ts';

/** Where the events of one accepted command are. */
interface CommandRow {
  readonly commandId: string;
  readonly bodyHash: string;
  readonly stream: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly timeMs: number;
}

const commandRows = bulkRows<CommandRow>([
  { name: 'command_id', type: 'uuid', value: (row) => row.commandId },
  { name: 'body_hash', type: 'text', value: (row) => row.bodyHash },
  { name: 'stream', type: 'text', value: (row) => row.stream },
  { name: 'first_revision', type: 'bigint', value: (row) => row.firstRevision },
  { name: 'last_revision', type: 'bigint', value: (row) => row.lastRevision },
  { name: 'time_ms', type: 'bigint', value: (row) => row.timeMs },
]);

/**
 * The history that the write side asks when a client says that it retries. The table is the write side's and
 * outlives generations: rows are facts under a command's id in one history of the log, so writing them again (in a
 * rebuild) changes nothing, and what has grown old goes as new ones come. In another history the command may have had
 * other events, or none: that row takes the old one's place.
 */
export const commandsProjection = defineProjection<readonly CommandRow[], void>({
  name: 'commands',
  version: 1,
  streamPrefixes: [
    'username-',
    'account-',
    'friendship-',
    'group-',
    'conversation-',
    'receipts-',
    'wallet-',
    'packet-',
  ],
  tables: [],
  ddl: '',
  indexes: '',
  lingerMs: limits.projections.commandHistoryLingerMs,
  keptMs: limits.projections.commandHistoryKeptMs,
  fold: foldCommands,
  async write(tx, schema, rows) {
    if (rows.length === 0) return;
    await tx.execute(
      `insert into hongbao_write.command_history as t (${commandRows.names}, epoch)
       select ${commandRows.names}, ${epochOf(schema)} from ${commandRows.source} order by command_id
       on conflict (command_id) do update set
         body_hash = excluded.body_hash,
         stream = excluded.stream,
         first_revision = case when t.epoch = excluded.epoch
           then least(t.first_revision, excluded.first_revision) else excluded.first_revision end,
         last_revision = case when t.epoch = excluded.epoch
           then greatest(t.last_revision, excluded.last_revision) else excluded.last_revision end,
         time_ms = case when t.epoch = excluded.epoch then t.time_ms else excluded.time_ms end,
         epoch = excluded.epoch
       where t.epoch <> excluded.epoch or t.stream = excluded.stream`,
      commandRows.values(rows),
    );
    const newestMs = rows.reduce((newest, row) => Math.max(newest, row.timeMs), 0);
    // Another partition's writer may be at the same old rows: what it has is left to it.
    await tx.execute(
      `delete from hongbao_write.command_history where command_id in (
         select command_id from hongbao_write.command_history where time_ms < $1 for update skip locked)`,
      [newestMs - limits.projections.commandHistoryKeptMs],
    );
  },
  changes: () => [],
});

/** The log's history that a generation follows, as SQL; its checkpoint has it. The schema is the code's own word. */
function epochOf(schema: string): string {
  return `(select max(epoch) from projection.checkpoint
           where name = 'commands' and name || '_g' || generation = '${schema}')`;
}

function foldCommands(events: readonly ProjectedEvent[]): readonly CommandRow[] {
  const rows = new Map<string, CommandRow>();
  for (const { stream, revision, timeMs, metadata } of events) {
    const { commandId, bodyHash } = metadata;
    // The system's own commands may have names instead of ids; nobody retries those by id.
    if (!isUuid(commandId)) continue;
    const known = rows.get(commandId);
    if (known === undefined) {
      rows.set(commandId, {
        commandId,
        bodyHash,
        stream,
        firstRevision: revision,
        lastRevision: revision,
        timeMs,
      });
    } else if (known.stream === stream) {
      rows.set(commandId, { ...known, lastRevision: revision });
    }
  }
  return [...rows.values()];
}
