import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import { limits } from '../../config/limits.ts';
import { RequestFailed } from '../wire-error.ts';
import type { GatewayApp, RouteContext } from './route-context.ts';

/** Headers that browsers heed, and the rate of requests per address. */
export async function security(app: GatewayApp, context: RouteContext): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
    },
    // The page may be served over plain HTTP on a local machine; TLS is the proxy's in front, and so is HSTS.
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'sameorigin' },
  });
  const ownAddresses = context.environment === 'development' ? ['127.0.0.1', '::1', '::ffff:127.0.0.1'] : [];
  const unlimitedAddresses = context.unlimitedAddresses ?? ownAddresses;
  await app.register(fastifyRateLimit, {
    max: limits.gateway.requestsPerMinute,
    timeWindow: 60_000,
    cache: limits.gateway.rateLimitKeysMax,
    allowList: [...unlimitedAddresses],
    ...(context.rateLimitRedis === undefined ? {} : { redis: context.rateLimitRedis }),
    // When the shared store is away, serving without a limit beats not serving.
    skipOnError: true,
    errorResponseBuilder: (_request, { ttl }) => new RequestFailed('rate-limited', undefined, ttl),
  });
}
