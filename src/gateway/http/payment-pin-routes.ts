import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../../config/limits.ts';
import {
  PaymentPinBodySchema,
  PaymentPinChangeBodySchema,
  PaymentPinStatusSchema,
  PaymentPinVerifyBodySchema,
  PaymentTokenSchema,
} from '../../protocol/http.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { acceptedAnswer } from './error-handler.ts';
import type { GatewayApp, RouteContext } from './route-context.ts';

/** The asker's payment PIN. Rates are bounded per account, whichever addresses the requests come from. */
export function paymentPinRoutes(app: GatewayApp, { paymentPins, tokens }: RouteContext) {
  const security = [{ bearer: [] }];
  const count = app.createRateLimit({
    max: limits.gateway.paymentPinsPerMinutePerAccount,
    timeWindow: 60_000,
    keyGenerator: (request) => `payment-pin:${claimsOf(request).userId}`,
  });
  const preHandler = [
    authenticator(tokens),
    async (request: FastifyRequest) => {
      const rate = await count(request);
      if (!rate.isAllowed && rate.isExceeded) throw new RequestFailed('rate-limited', undefined, rate.ttl);
    },
  ];

  app.route({
    method: 'GET',
    url: '/api/payment-pin',
    schema: { tags: ['money'], security, response: { 200: PaymentPinStatusSchema } },
    preHandler,
    handler: async (request) => acceptedAnswer(await paymentPins.status(claimsOf(request))).answer,
  });

  app.route({
    method: 'POST',
    url: '/api/payment-pin',
    schema: { tags: ['money'], security, body: PaymentPinBodySchema, response: { 204: Type.Null() } },
    preHandler,
    handler: async (request, reply) => {
      const { userId, deviceId } = claimsOf(request);
      acceptedAnswer(await paymentPins.set({ userId, deviceId, ...request.body }));
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/payment-pin/change',
    schema: { tags: ['money'], security, body: PaymentPinChangeBodySchema, response: { 204: Type.Null() } },
    preHandler,
    handler: async (request, reply) => {
      const { userId, deviceId } = claimsOf(request);
      acceptedAnswer(await paymentPins.change({ userId, deviceId, ...request.body }));
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/payment-pin/verify',
    schema: {
      tags: ['money'],
      security,
      body: PaymentPinVerifyBodySchema,
      response: { 200: PaymentTokenSchema },
    },
    preHandler,
    handler: async (request) => {
      const { userId, deviceId } = claimsOf(request);
      return acceptedAnswer(await paymentPins.verify({ userId, deviceId, ...request.body })).answer;
    },
  });
}
