import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { EventLogError, EventLogUnavailable } from '../../commands/event-log.ts';
import type { Outcome } from '../../commands/requests.ts';
import { type ErrorCode, errorCodes } from '../../domain/error-codes.ts';
import { isTransient } from '../../runtime/sql-errors.ts';
import type { ErrorBody, WireError } from '../../protocol/errors.ts';
import { RequestFailed, wireError } from '../wire-error.ts';

/** Sends an error in the one form that clients know, with the status that goes with its code. */
export function sendError(reply: FastifyReply, error: WireError): FastifyReply {
  if (error.retryAfterMs !== undefined) {
    reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  }
  const body: ErrorBody = { error };
  return reply.code(errorCodes[error.code].http).type('application/json').send(body);
}

/** The answer of an accepted command. Throws `RequestFailed` for every other outcome. */
export function acceptedAnswer<Answer>(
  outcome: Outcome<Answer>,
): Extract<Outcome<Answer>, { kind: 'accepted' }> {
  switch (outcome.kind) {
    case 'accepted':
      return outcome;
    case 'rejected':
      throw new RequestFailed(outcome.code, outcome.message, outcome.retryAfterMs);
    case 'busy':
      throw new RequestFailed('busy', undefined, outcome.retryAfterMs);
    case 'unknown':
      throw new RequestFailed('unknown-outcome');
  }
}

/**
 * Fastify's error handler: everything that a route, a hook or Fastify itself throws leaves with a code of the
 * registry. What nobody foresaw is logged and told as `internal`, without a word of what it was.
 */
export function errorHandler(
  logger: Logger,
): (
  error: FastifyError | RequestFailed | Error,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply {
  return (error, request, reply) => {
    if (error instanceof RequestFailed) return sendError(reply, error.error);
    const known = knownCode(error);
    if (known !== undefined) return sendError(reply, wireError(known, messageOf(known, error)));
    if (isUnavailable(error)) {
      logger.warn({ err: error, reqId: request.id }, 'a request met a part that does not answer');
      return sendError(reply, wireError('unavailable'));
    }
    logger.error({ err: error, reqId: request.id, route: request.routeOptions.url }, 'a request failed');
    return sendError(reply, wireError(error instanceof EventLogError ? error.code : 'internal'));
  };
}

function knownCode(error: Error): ErrorCode | undefined {
  if ('validation' in error && error.validation !== undefined) return 'bad-request';
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number') return undefined;
  if (status === 413) return 'too-large';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  if (status === 503) return 'unavailable';
  return status >= 400 && status < 500 ? 'bad-request' : undefined;
}

/** What Fastify says of a malformed request is for the client; of the rest, what the registry says. */
function messageOf(code: ErrorCode, error: Error): string | undefined {
  return code === 'bad-request' ? error.message : undefined;
}

/** The event log or the database was not to be reached in time: passes by itself. */
function isUnavailable(error: Error): boolean {
  return error instanceof EventLogUnavailable || isTransient(error);
}
