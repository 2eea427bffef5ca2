import type { WireError } from '../protocol/errors.ts';
import type { ClientErrorCode } from './api.ts';

/** A request that failed. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(error: Omit<WireError, 'code'> & { readonly code: ClientErrorCode }) {
    super(error.message);
    this.code = error.code;
    this.temporary = error.temporary;
    this.retryAfterMs = error.retryAfterMs;
  }
}
