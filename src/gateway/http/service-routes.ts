import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import { limits } from '../../config/limits.ts';
import { DevAccountsSchema, HealthSchema } from '../../protocol/http.ts';
import { boundedCheck } from './bounded-check.ts';
import { sharedResult } from './shared-result.ts';
import type { GatewayApp, RouteContext } from './route-context.ts';

/**
 * Liveness: this process answers. Readiness: everything that it needs answers too. Both ask for no token, so what
 * readiness asks is asked once for all who want to know within a second.
 */
export function healthRoutes(app: GatewayApp, context: Pick<RouteContext, 'readiness' | 'runtime'>) {
  const { readiness, runtime } = context;
  const checks = Object.entries(readiness).map(
    ([name, check]) => [name, boundedCheck(check, limits.gateway.readinessCheckMs, runtime.timers)] as const,
  );
  const checkAll = () => Promise.all(checks.map(async ([name, check]) => [name, await check()] as const));
  const sharedChecks = sharedResult(checkAll, limits.gateway.readinessAgeMs, runtime.clock);

  app.route({
    method: 'GET',
    url: '/health/live',
    schema: { tags: ['service'], response: { 200: HealthSchema } },
    config: { rateLimit: false },
    handler: async () => ({ status: 'ok' as const, checks: {} }),
  });

  app.route({
    method: 'GET',
    url: '/health/ready',
    schema: { tags: ['service'], response: { 200: HealthSchema, 503: HealthSchema } },
    config: { rateLimit: false },
    handler: async (_request, reply) => {
      const entries = await sharedChecks();
      const failing = entries.some(([, { ok }]) => !ok);
      return reply
        .code(failing ? 503 : 200)
        .send({ status: failing ? 'failing' : 'ok', checks: Object.fromEntries(entries) });
    },
  });
}

/** The accounts that a lone visitor can try. Not there at all in production. */
export function devRoutes(app: GatewayApp, context: RouteContext) {
  if (context.environment !== 'development') return;
  const items = (context.devAccounts ?? []).map((account) => ({ ...account }));
  app.route({
    method: 'GET',
    url: '/api/dev/accounts',
    schema: { tags: ['development'], response: { 200: DevAccountsSchema } },
    handler: async () => ({ items }),
  });
}

/** The built web page, where there is one. */
export async function pageRoutes(app: GatewayApp, context: RouteContext): Promise<void> {
  if (context.webRoot === undefined || !existsSync(context.webRoot)) return;
  await app.register(fastifyStatic, { root: context.webRoot, index: 'index.html' });
}
