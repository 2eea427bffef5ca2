import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { GatewayApp } from './route-context.ts';

/** The HTTP API's description, made of the routes' schemas, as a page at /docs and as JSON at /docs/json. */
export async function apiDocs(app: GatewayApp): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'hongbao',
        version: '1',
        description:
          'Accounts and reads. Commands and updates go over the WebSocket at /ws: see docs/protocol.md.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', staticCSP: true });
}
