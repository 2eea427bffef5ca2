import type { ErrorCode } from '../domain/error-codes.ts';
import { rejection, type Rejection } from '../domain/decider.ts';
import { errorCodes } from '../domain/error-codes.ts';
import { isTransient } from '../runtime/sql-errors.ts';
import { EventLogError } from './event-log.ts';

/** What a client is told of a fault: what passes by itself has a code of its own, everything else is ours. */
export function faultRejection(error: unknown): Rejection {
  const code = codeOf(error);
  return rejection(code, errorCodes[code].meaning);
}

/** The event log's errors have codes. The database of keys and histories may be away for a moment, too. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof EventLogError) return error.code;
  return isTransient(error) ? 'unavailable' : 'internal';
}
