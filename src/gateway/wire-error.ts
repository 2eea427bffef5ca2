import { type ErrorCode, errorCodes } from '../domain/error-codes.ts';
import type { WireError } from '../protocol/errors.ts';

/** An error as clients get it. Without a message of its own it says what the registry says of its code. */
export function wireError(code: ErrorCode, message?: string, retryAfterMs?: number): WireError {
  const { temporary, meaning } = errorCodes[code];
  const error = { code, message: message ?? meaning, temporary };
  return retryAfterMs === undefined ? error : { ...error, retryAfterMs };
}

/** A failure inside a request handler that a client is to be told of. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly error: WireError;

  constructor(code: ErrorCode, message?: string, retryAfterMs?: number) {
    const error = wireError(code, message, retryAfterMs);
    super(error.message);
    this.error = error;
  }
}
