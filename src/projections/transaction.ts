import type pg from 'pg';
import { type Sql, sqlOn } from './sql.ts';

export interface TransactionSettings {
  /** Waiting longer than this for a lock fails the transaction. */
  readonly lockTimeoutMs?: number;
  /** One statement running longer than this fails the transaction. */
  readonly statementTimeoutMs?: number;
  /**
   * For rows that a replay can make again: the commit does not wait for the disk. After a crash of the database
   * the last moments are gone, rows and checkpoint together, and are folded again from the log.
   */
  readonly disposable?: boolean;
  readonly isolation?: 'repeatable read';
  /** It may run, and stand still in between, for as long as it takes. */
  readonly patient?: boolean;
}

/**
 * Runs `work` in one transaction on a connection of `pool`: committed when it resolves, rolled back when it
 * throws. An error of the commit itself (a lost connection) leaves the outcome open: callers find it out from
 * their checkpoint.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  settings: TransactionSettings,
  work: (tx: Sql) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A checked-out client whose connection dies emits `error`; the statement under way reports it to us anyway.
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query(beginStatement(settings));
    const result = await work(sqlOn(client));
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

function ignore(): void {
  // Deliberately nothing: see inTransaction.
}

/** One round trip for the begin and all settings. */
function beginStatement(settings: TransactionSettings): string {
  const parts = [settings.isolation === undefined ? 'begin' : `begin isolation level ${settings.isolation}`];
  if (settings.disposable === true) parts.push('set local synchronous_commit = off');
  if (settings.lockTimeoutMs !== undefined) parts.push(`set local lock_timeout = ${settings.lockTimeoutMs}`);
  if (settings.statementTimeoutMs !== undefined) {
    parts.push(`set local statement_timeout = ${settings.statementTimeoutMs}`);
  }
  if (settings.patient === true) {
    parts.push('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
  }
  return parts.join('; ');
}
