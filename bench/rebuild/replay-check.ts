import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { EventLog } from '../../src/commands/event-log.ts';
import { expectedTables, tableNames } from '../../test/support/read-model-oracle.ts';
import { inOrder, readTables } from '../../test/support/read-tables.ts';

/**
 * The read tables whose rows are not those of a replay in memory, written on its own (the tests' oracle): by the
 * SHA-256 of all rows in one order. None: they are equal.
 */
export async function tablesUnlikeReplay(log: EventLog, pool: pg.Pool): Promise<string[]> {
  const events = [];
  for await (const event of log.readAll()) events.push(event);
  const expected = expectedTables(events);
  const actual = await readTables(pool);
  return tableNames.filter((table) => hashOf(actual.get(table)) !== hashOf(expected.get(table)));
}

function hashOf(rows: Parameters<typeof inOrder>[0]): string {
  const hash = createHash('sha256');
  for (const row of inOrder(rows)) hash.update(row).update('\n');
  return hash.digest('hex');
}
