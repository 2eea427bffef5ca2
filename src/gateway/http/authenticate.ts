import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { AccessClaims, Tokens } from '../../vault/tokens.ts';
import { RequestFailed } from '../wire-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the `authenticate` hook; `null` on routes without it. */
    claims: AccessClaims | null;
  }
}

/** Lets through requests with a valid access token only. */
export function authenticator(tokens: Pick<Tokens, 'verifyAccess'>): preHandlerAsyncHookHandler {
  return async (request) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : await tokens.verifyAccess(token);
    if (claims === undefined) throw new RequestFailed('unauthenticated');
    request.claims = claims;
  };
}

/** Who asks. For routes behind `authenticator` only. */
export function claimsOf(request: FastifyRequest): AccessClaims {
  if (request.claims === null) throw new RequestFailed('unauthenticated');
  return request.claims;
}
