import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Session } from '../../commands/accounts.ts';
import { limits } from '../../config/limits.ts';
import {
  LoginBodySchema,
  MeSchema,
  PasswordBodySchema,
  ReadQuerySchema,
  RefreshBodySchema,
  RegisterBodySchema,
  SessionSchema,
} from '../../protocol/http.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { acceptedAnswer } from './error-handler.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** Registering, logging in and out. Rates are bounded per address, and for logins per account too. */
export function sessionRoutes(app: GatewayApp, context: RouteContext) {
  const { accounts } = context;
  const authenticate = authenticator(context.tokens);
  const perMinute = (max: number) => ({ rateLimit: { max, timeWindow: 60_000 } });
  // Many addresses may try one account's passwords: that is bounded too, whoever asks.
  const countLogin = app.createRateLimit({
    max: limits.gateway.loginsPerMinutePerAccount,
    timeWindow: 60_000,
    keyGenerator: ({ body }) => accountKey(body),
  });
  const loginsPerAccount = async (request: FastifyRequest) => {
    const rate = await countLogin(request);
    if (!rate.isAllowed && rate.isExceeded) throw new RequestFailed('rate-limited', undefined, rate.ttl);
  };

  app.route({
    method: 'POST',
    url: '/api/register',
    schema: { tags: ['accounts'], body: RegisterBodySchema, response: { 201: SessionSchema } },
    config: perMinute(limits.gateway.registrationsPerMinutePerAddress),
    handler: async (request, reply) => {
      const { answer, position } = acceptedAnswer(await accounts.register(request.body));
      return reply.code(201).header('x-position', position.toString()).send(sessionView(answer));
    },
  });

  app.route({
    method: 'POST',
    url: '/api/login',
    schema: { tags: ['accounts'], body: LoginBodySchema, response: { 200: SessionSchema } },
    config: perMinute(limits.gateway.loginsPerMinutePerAddress),
    preHandler: loginsPerAccount,
    handler: async (request) => sessionView(acceptedAnswer(await accounts.logIn(request.body)).answer),
  });

  app.route({
    method: 'POST',
    url: '/api/refresh',
    schema: { tags: ['accounts'], body: RefreshBodySchema, response: { 200: SessionSchema } },
    handler: async (request) =>
      sessionView(acceptedAnswer(await accounts.refresh(request.body.refreshToken)).answer),
  });

  app.route({
    method: 'POST',
    url: '/api/logout',
    schema: { tags: ['accounts'], security, response: { 204: Type.Null() } },
    preHandler: authenticate,
    handler: async (request, reply) => {
      const claims = claimsOf(request);
      acceptedAnswer(await accounts.logOut(claims));
      context.sockets.endSessions(claims.userId, claims.deviceId);
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/password',
    schema: { tags: ['accounts'], security, body: PasswordBodySchema, response: { 204: Type.Null() } },
    config: perMinute(limits.gateway.loginsPerMinutePerAccount),
    preHandler: authenticate,
    handler: async (request, reply) => {
      const { userId, deviceId } = claimsOf(request);
      acceptedAnswer(await accounts.changePassword({ userId, deviceId, ...request.body }));
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/me',
    schema: { tags: ['accounts'], security, querystring: ReadQuerySchema, response: { 200: MeSchema } },
    preHandler: authenticate,
    handler: async (request) => {
      await awaitPosition(context, ['accounts'], request.query);
      const { userId, deviceId } = claimsOf(request);
      return { user: await context.directory.viewOfNew(userId), deviceId };
    },
  });
}

const security = [{ bearer: [] }];

function sessionView({ userId, deviceId, username, nickname, tokens }: Session) {
  return { user: { userId, username, nickname }, deviceId, tokens };
}

/** User names that differ in case or form are one account: the key is as coarse as the comparison. */
function accountKey(body: unknown): string {
  const username =
    typeof body === 'object' && body !== null && 'username' in body ? String(body.username) : '';
  return `account:${username.normalize('NFKC').toLowerCase()}`;
}
