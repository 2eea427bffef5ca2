import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { limits } from '../../config/limits.ts';
import type { Metric } from '../../runtime/metrics/metric.ts';
import { prometheusContentType, prometheusText } from '../../runtime/metrics/prometheus-text.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import { wireError } from '../wire-error.ts';
import { sendError } from './error-handler.ts';
import type { GatewayApp } from './route-context.ts';
import { sharedResult } from './shared-result.ts';

interface MetricsContext extends Pick<GatewayDeps, 'metrics' | 'metricsToken' | 'environment' | 'runtime'> {
  /** Numbers that the server itself has. */
  readonly own?: () => readonly Metric[];
}

/**
 * The process's numbers as Prometheus reads them. They name streams and users, so they are not for the world: whoever
 * has the token may read them. Without one only this machine may, in development only: behind a proxy of the same
 * machine everybody comes from it. All others are told that there is no such page.
 */
export function metricsRoute(app: GatewayApp, context: MetricsContext): void {
  const { metrics, own = () => [], runtime } = context;
  if (metrics === undefined) return;
  const shared = sharedResult(metrics, limits.gateway.readinessAgeMs, runtime.clock);
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    handler: async (request, reply) => {
      if (!mayRead(request, context)) return sendError(reply, wireError('not-found'));
      const text = prometheusText('hongbao_', [...(await shared()), ...own()]);
      return reply.type(prometheusContentType).serializer(String).send(text);
    },
  });
}

function mayRead(
  { headers, socket }: FastifyRequest,
  { metricsToken, environment }: Pick<MetricsContext, 'metricsToken' | 'environment'>,
): boolean {
  if (metricsToken !== undefined) return isSameText(headers.authorization ?? '', `Bearer ${metricsToken}`);
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return environment === 'development' && !isForwarded && ownAddresses.has(socket.remoteAddress ?? '');
}

const ownAddresses: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Takes as long whatever differs, so that a token cannot be guessed bit by bit. */
function isSameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
