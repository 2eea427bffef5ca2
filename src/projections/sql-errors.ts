/** Postgres said that a lock was not to be had in time, or that it killed one side of a deadlock. */
export function isLockConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === '55P03' || code === '40P01';
}

/**
 * Whether the same statement may succeed later: the connection, the server or its resources are at fault, not
 * the data. Everything else is a defect of the data or the code, which trying again does not mend.
 */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error && connectionLostPattern.test(error.message);
  return temporaryClasses.has(code.slice(0, 2)) || temporaryCodes.has(code) || isLockConflict(error);
}

/** The first two characters of an SQLSTATE: connection, rollback, resources, operator, system error. */
const temporaryClasses: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58']);

const temporaryCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '25006', // read_only_sql_transaction: the primary became a standby
]);

/** pg reports a connection that ended under a query without a code. */
const connectionLostPattern =
  /connection (terminated|ended)|timeout (exceeded|expired)|not queryable|client was closed|after calling end/i;

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
