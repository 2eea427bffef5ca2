import pg from 'pg';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';

export interface PoolOptions {
  readonly databaseUrl: string;
  /** Shown by the server in `pg_stat_activity`: who holds a connection, or a lock. */
  readonly applicationName: string;
  readonly connectionsMax?: number;
  /** 0: no limit, for a rebuild or a migration. */
  readonly statementTimeoutMs?: number;
  /**
   * How long an answer is waited for. Default: `statementTimeoutMs`, by which a server that is there answers, and
   * `limits.postgres.answerSlackMs`; no limit where statements have none.
   */
  readonly answerMs?: number;
  /** Every transaction refuses to write, unless it says itself that it does not. Default: false. */
  readonly readOnly?: boolean;
  readonly logger: Logger;
}

/**
 * A bounded pool of connections, with a limit on every wait: for a connection, for a statement, for a client
 * that forgot its transaction, for a server that takes statements and answers nothing. Lost connections are
 * replaced; whoever held one gets the error. A statement whose answer did not come leaves its connection waiting
 * for it: whoever took that connection out of the pool gives it back as broken (see `isUnanswered`).
 *
 * `int8` is read as `bigint`. Positions in the log do not fit a number exactly, and one rule for the type is
 * safer than a choice per column: a column of bounded values (fen, seq) is narrowed with `Number()` where its
 * row becomes a domain value. Parameters may be `bigint` too, in arrays as well. `count(*)` and `sum(int4)` are
 * `int8`. `numeric` stays a string.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const statementMs = options.statementTimeoutMs ?? limits.postgres.statementMs;
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    application_name: options.applicationName,
    max: options.connectionsMax ?? limits.postgres.poolConnectionsMax,
    connectionTimeoutMillis: limits.postgres.poolAcquireMs,
    idleTimeoutMillis: limits.postgres.poolIdleMs,
    statement_timeout: statementMs,
    query_timeout: options.answerMs ?? (statementMs === 0 ? 0 : statementMs + limits.postgres.answerSlackMs),
    idle_in_transaction_session_timeout: limits.postgres.idleInTransactionMs,
    keepAlive: true,
    types: { getTypeParser },
    ...(options.readOnly === true && { onConnect: refuseWrites }),
  });
  // Without a listener the loss of an idle connection (a restart of the server) would end the process.
  pool.on('error', (error) => options.logger.warn({ err: error }, 'lost an idle connection to PostgreSQL'));
  // The same for a connection that is taken out of the pool: its statement fails, which is how its holder knows.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** The pool waits for it before it hands the connection out. */
async function refuseWrites(client: pg.ClientBase): Promise<void> {
  await client.query('set default_transaction_read_only = on');
}

const int8Oid = 20;
const int8ArrayOid = 1016;

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (format !== 'binary' && oid === int8Oid) return BigInt;
  if (format !== 'binary' && oid === int8ArrayOid) return parseInt8Array;
  return pg.types.getTypeParser(oid, format);
};

/** `{1,NULL,3}`: one dimension, which is all that we store. */
function parseInt8Array(text: string): (bigint | null)[] {
  const items = text.slice(1, -1);
  if (items === '') return [];
  return items.split(',').map((item) => (item === 'NULL' ? null : BigInt(item)));
}
