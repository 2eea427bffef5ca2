import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import { limits } from '../../config/limits.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import type { ReadModel } from '../read-side.ts';
import type { SocketGateway } from '../socket/socket-gateway.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { UserDirectory } from '../views/user-directory.ts';
import { RequestFailed } from '../wire-error.ts';

/** A Fastify instance whose handlers are typed by their TypeBox schemas. */
export type GatewayApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What routes work with. */
export interface RouteContext extends GatewayDeps {
  readonly open: OpenSealed;
  readonly directory: UserDirectory;
  readonly sockets: SocketGateway;
}

/** Waits, bounded, until these read models show everything up to the position that the client asks for. */
export async function awaitPosition(
  context: Pick<RouteContext, 'reads'>,
  models: readonly ReadModel[],
  query: { readonly after_position?: string },
): Promise<void> {
  if (query.after_position === undefined) return;
  const position = BigInt(query.after_position);
  const reached = await context.reads.waitFor(models, position, limits.gateway.afterPositionMsMax);
  if (!reached) throw new RequestFailed('unavailable', 'The read models have not come that far yet.', 1_000);
}
