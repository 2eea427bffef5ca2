import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { limits } from '../config/limits.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { apiDocs } from './http/api-docs.ts';
import { conversationRoutes } from './http/conversation-routes.ts';
import { errorHandler, sendError } from './http/error-handler.ts';
import { groupRoutes } from './http/group-routes.ts';
import { metricsRoute } from './http/metrics-route.ts';
import { moneyRoutes } from './http/money-routes.ts';
import { packetRoutes } from './http/packet-routes.ts';
import { paymentPinRoutes } from './http/payment-pin-routes.ts';
import { peopleRoutes } from './http/people-routes.ts';
import type { GatewayApp, RouteContext } from './http/route-context.ts';
import { security } from './http/security.ts';
import { devRoutes, healthRoutes, pageRoutes } from './http/service-routes.ts';
import { sessionRoutes } from './http/session-routes.ts';
import { socketRoute } from './http/socket-route.ts';
import { ChangeFeed } from './hub/change-feed.ts';
import { Hub } from './hub/hub.ts';
import { SocketGateway } from './socket/socket-gateway.ts';
import { sealedOpener } from './views/open-sealed.ts';
import { UserDirectory } from './views/user-directory.ts';
import { wireError } from './wire-error.ts';

/**
 * A gateway: the HTTP API, the WebSocket, and the hub that pushes what the bus tells. `listen` starts it, and
 * `close` ends it gently: clients are asked to come back, answers under way are sent, then sockets close.
 */
export async function buildGateway(deps: GatewayDeps): Promise<GatewayApp> {
  const { runtime, logger, reads } = deps;
  const open = sealedOpener(deps.keyring, logger);
  const directory = new UserDirectory(reads, open, runtime);
  const hub = new Hub((userIds) => reads.groupsOfUsers(userIds));
  const sockets = new SocketGateway({ ...deps, hub, directory, open });
  const feed = new ChangeFeed({
    ...deps,
    hub,
    directory,
    open,
    push: (connection, frame) => sockets.push(connection, frame),
    endSessions: (userId, deviceId) => sockets.endSessions(userId, deviceId),
  });
  const context: RouteContext = { ...deps, open, directory, sockets };

  const loggerInstance: FastifyBaseLogger = logger;
  const app: GatewayApp = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.gateway.httpBodyBytesMax,
    requestTimeout: limits.gateway.httpRequestMs,
    // Counted from the last entry. `true` would believe the first, which the client itself may have written.
    trustProxy: (_address, hop) => hop < (deps.proxyHops ?? 0),
    genReqId: () => runtime.ids.next(),
    routerOptions: { maxParamLength: 256 },
    http: { headersTimeout: limits.gateway.httpHeadersMs },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // The views name every field that goes out; a second pass over them would find nothing to take away.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(errorHandler(logger));
  app.decorateRequest('claims', null);

  await security(app, context);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_request, reply) => {
    sendError(reply, wireError('not-found'));
  });
  await apiDocs(app);
  await socketRoute(app, context);
  for (const routes of [
    sessionRoutes,
    paymentPinRoutes,
    peopleRoutes,
    groupRoutes,
    conversationRoutes,
    moneyRoutes,
    packetRoutes,
  ]) {
    routes(app, context);
  }
  healthRoutes(app, context);
  metricsRoute(app, {
    ...context,
    own: () => [
      {
        type: 'gauge',
        name: 'sockets_open',
        help: 'WebSockets that are open.',
        value: sockets.connectionCount,
      },
    ],
  });
  devRoutes(app, context);
  await pageRoutes(app, context);

  sockets.start();
  await feed.start();
  app.addHook('onClose', async () => feed.stop());
  return app;
}
