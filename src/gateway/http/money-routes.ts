import type { FastifyRequest } from 'fastify';
import type { PacketId } from '../../domain/ids.ts';
import {
  PacketParamsSchema,
  PacketProofViewSchema,
  PacketViewSchema,
  PageQuerySchema,
  ReadQuerySchema,
  StatementPageSchema,
  WalletViewSchema,
} from '../../protocol/http.ts';
import { packetProofView, packetView, walletEntryView } from '../views/money-views.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { nextOf, numberPage } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** The asker's wallet, and the packets of conversations that the asker takes part in. */
export function moneyRoutes(app: GatewayApp, context: RouteContext) {
  const { reads, open } = context;
  const preHandler = authenticator(context.tokens);
  const security = [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/api/wallet',
    schema: { tags: ['money'], security, querystring: ReadQuerySchema, response: { 200: WalletViewSchema } },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['wallet'], request.query);
      return { balanceFen: (await reads.balanceFen(claimsOf(request).userId)) ?? 0 };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/wallet/statement',
    schema: {
      tags: ['money'],
      security,
      querystring: PageQuerySchema,
      response: { 200: StatementPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['wallet'], request.query);
      const page = await reads.statement(claimsOf(request).userId, numberPage(request.query));
      return { items: page.rows.map(walletEntryView), next: nextOf(page) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/packets/:packetId',
    schema: {
      tags: ['money'],
      security,
      params: PacketParamsSchema,
      querystring: ReadQuerySchema,
      response: { 200: PacketViewSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['packets', 'groups'], request.query);
      const { packet, grabs } = await packetOf(request, request.params.packetId);
      return packetView(packet, grabs, claimsOf(request).userId, open);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/packets/:packetId/proof',
    schema: {
      tags: ['money'],
      security,
      params: PacketParamsSchema,
      querystring: ReadQuerySchema,
      response: { 200: PacketProofViewSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['packets', 'groups'], request.query);
      const { packet, grabs } = await packetOf(request, request.params.packetId);
      const proof = packetProofView(packet, grabs);
      if (proof === undefined) throw new RequestFailed('packet-open');
      return proof;
    },
  });

  async function packetOf(request: FastifyRequest, packetId: PacketId) {
    const found = await reads.packet(claimsOf(request).userId, packetId);
    if (found === undefined) throw new RequestFailed('packet-not-found');
    return found;
  }
}
