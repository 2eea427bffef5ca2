import type pg from 'pg';
import { limits } from '../config/limits.ts';
import { type Sql, sqlOn } from './sql.ts';
import { isUnanswered } from '../runtime/sql-errors.ts';

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
  const sql = sqlOn(client, answerMs(settings));
  let isBroken = false;
  try {
    await client.query(beginStatement(settings));
    const result = await work(sql);
    await sql.execute('commit');
    return result;
  } catch (error) {
    // Where one answer has not come, a rollback would wait in vain for another; the end of the session rolls back.
    isBroken = isUnanswered(error) || !(await client.query('rollback').then(yes, no));
    throw error;
  } finally {
    client.release(isBroken);
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** How long the answer of a statement is waited for that may take longer than a pool lets one take. */
function answerMs({ patient, statementTimeoutMs = 0 }: TransactionSettings): number | undefined {
  if (patient === true) return limits.postgres.patientAnswerMs;
  if (statementTimeoutMs <= limits.postgres.statementMs) return undefined;
  return statementTimeoutMs + limits.postgres.answerSlackMs;
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
