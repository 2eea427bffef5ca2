import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { GatewayDeps } from './gateway-deps.ts';
import type { GatewayApp } from './http/route-context.ts';
import { metricsRoute } from './http/metrics-route.ts';
import { healthRoutes } from './http/service-routes.ts';

/** What a process without the gateway role serves: whether it lives, whether it works, and its numbers. */
export function buildHealthServer(
  deps: Pick<GatewayDeps, 'readiness' | 'runtime' | 'environment' | 'metrics' | 'metricsToken'> & {
    readonly logger: Logger;
  },
): GatewayApp {
  const loggerInstance: FastifyBaseLogger = deps.logger;
  const app: GatewayApp = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  healthRoutes(app, deps);
  metricsRoute(app, deps);
  return app;
}
