/** The store's errors that another try cannot change, as the port names them. */
import {
  EventLogDamaged,
  type EventLogError,
  EventLogRefused,
  StreamDeleted,
} from '../../src/commands/event-log.ts';

/** gRPC's codes, by their names there. */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const DATA_LOSS = 15;
const UNAUTHENTICATED = 16;

/** The final error that a failed call means; undefined: it may pass, try again. The table is in the port. */
export function finalError(error: unknown): EventLogError | undefined {
  const refused = callRefused(error);
  if (refused !== undefined) return refused;
  const message = messageOf(error);
  if (exceptionOf(error) === 'stream-deleted') {
    return new StreamDeleted(`the stream was ended for good: ${message}`, { cause: error });
  }
  switch (codeOf(error)) {
    case INVALID_ARGUMENT:
      return new EventLogRefused(`the event store finds the request wrong: ${message}`, { cause: error });
    case DATA_LOSS:
      return new EventLogDamaged(`the event store has damaged data: ${message}`, { cause: error });
    default:
      return undefined;
  }
}

/** The store did not even look into the call: nothing of it was done. Undefined: something may have been. */
export function callRefused(error: unknown): EventLogRefused | undefined {
  const code = codeOf(error);
  const isRefused = code === PERMISSION_DENIED || code === UNAUTHENTICATED || code === UNIMPLEMENTED;
  if (!isRefused && exceptionOf(error) !== 'access-denied') return undefined;
  return new EventLogRefused(`the event store refuses the call: ${messageOf(error)}`, { cause: error });
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/**
 * EventStoreDB's own name for the error, from the trailers. The client has a function for this, but it throws when
 * another trailer is missing.
 */
function exceptionOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('metadata' in error)) return undefined;
  const trailers = error.metadata;
  if (typeof trailers !== 'object' || trailers === null || !('get' in trailers)) return undefined;
  if (typeof trailers.get !== 'function') return undefined;
  const values: unknown = trailers.get('exception');
  return Array.isArray(values) && values.length > 0 ? String(values[0]) : undefined;
}
