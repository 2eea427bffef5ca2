import { rejection, type Rejection } from '../domain/decider.ts';
import { errorCodes } from '../domain/error-codes.ts';
import { EventLogError } from './event-log.ts';

/** What a client is told of a fault: the event log's errors have codes of their own, everything else is ours. */
export function faultRejection(error: unknown): Rejection {
  const code = error instanceof EventLogError ? error.code : 'internal';
  return rejection(code, errorCodes[code].meaning);
}
