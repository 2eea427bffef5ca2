/** Postgres said that a lock was not to be had in time, or that it killed one side of a deadlock. */
export function isLockConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === '55P03' || code === '40P01';
}

/**
 * Whether the same statement may succeed later: the network, the server or its resources are at fault, not the
 * data. Everything else is a defect of the data or the code, which trying again does not mend.
 */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && sqlStatePattern.test(code)) {
    return temporaryClasses.has(code.slice(0, 2)) || temporaryStates.has(code) || isLockConflict(error);
  }
  if (!(error instanceof Error)) return false;
  // No server has judged: a name that does not resolve, a socket that broke, no descriptor left.
  if ('syscall' in error || (code !== undefined && errnoPattern.test(code))) return true;
  // All addresses of a name were tried.
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return connectionLostPattern.test(error.message) || isUnanswered(error);
}

/** The answer did not come in time: the connection may still get it, and serves nobody else. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && unansweredPattern.test(error.message);
}

/** What PostgreSQL answers with. None of its classes begins with an E, with which the system's errors do. */
const sqlStatePattern = /^(?!E)[0-9A-Z]{5}$/;

/** ENOTFOUND, EAI_AGAIN and the like; ERR_ is how Node names wrong arguments. */
const errnoPattern = /^E(?!RR_)[A-Z0-9_]+$/;

/** The first two characters of an SQLSTATE: connection, rollback, resources, operator, system error. */
const temporaryClasses: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58']);

const temporaryStates: ReadonlySet<string> = new Set([
  '25006', // read_only_sql_transaction: the primary became a standby
  '25P03', // idle_in_transaction_session_timeout: this process stood still in a transaction
]);

/** pg reports a connection that ended under a query without a code. */
const connectionLostPattern =
  /connection (terminated|ended)|timeout (exceeded|expired)|not queryable|client was closed|after calling end/i;

/** How pg words it, without a code either. */
const unansweredPattern = /^query read timeout$/i;

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
