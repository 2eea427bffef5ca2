import type { ServerResponse } from 'node:http';
import fastifyWebsocket from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import { limits } from '../../config/limits.ts';
import { GatewayWebSocket } from '../socket/gateway-web-socket.ts';
import { RequestFailed } from '../wire-error.ts';
import type { GatewayApp, RouteContext } from './route-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of an upgrade: the response that it will never have; see socket/release-upgrade.ts. */
    upgradeResponse: ServerResponse | null;
  }
}

/** The WebSocket at /ws. Everything else about it is in socket/. */
export async function socketRoute(app: GatewayApp, context: RouteContext): Promise<void> {
  const { sockets } = context;
  app.decorateRequest('upgradeResponse', null);
  const options: NonNullable<fastifyWebsocket.WebsocketPluginOptions['options']> = {
    // Compression costs far more memory per connection than the whole budget.
    perMessageDeflate: false,
    maxPayload: limits.gateway.socketMessageBytesMax,
    // The socket gateway keeps its own list.
    clientTracking: false,
    // The socket gateway answers pings: of `ws`, it would cost every socket a closure.
    autoPong: false,
  };
  await app.register(fastifyWebsocket, {
    // Assigned, since the option is typed as all of the module `ws`; what it takes is a subclass.
    options: Object.assign(options, { WebSocket: GatewayWebSocket }),
    preClose: () => sockets.drain(),
  });
  app.get(
    '/ws',
    {
      websocket: true,
      config: { rateLimit: { max: limits.gateway.upgradesPerMinute, timeWindow: 60_000 } },
      onRequest: async (request, reply) => {
        if (!isAllowedOrigin(request, context.allowedOrigins ?? [])) {
          throw new RequestFailed('forbidden', 'This origin may not open a WebSocket here.');
        }
        request.upgradeResponse = reply.raw;
      },
    },
    (webSocket, request) => {
      if (request.upgradeResponse === null) throw new Error('an upgrade has a response');
      if (!(webSocket instanceof GatewayWebSocket)) throw new Error('the server makes its own sockets');
      sockets.accept(webSocket, request.upgradeResponse);
    },
  );
}

/**
 * Browsers send cookies and, on local machines, reach ports that others cannot: a foreign page must not open a
 * socket in its visitor's name. What is not a browser sends no origin, and could claim any.
 */
export function isAllowedOrigin(request: FastifyRequest, allowed: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === request.host;
  } catch {
    return false;
  }
}
