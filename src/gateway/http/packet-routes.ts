import type { FastifyRequest } from 'fastify';
import type { PacketId } from '../../domain/ids.ts';
import {
  PacketParamsSchema,
  PacketProofViewSchema,
  PacketViewSchema,
  PageQuerySchema,
  ReadQuerySchema,
  ReceivedSharesPageSchema,
  SentPacketsPageSchema,
  YearParamsSchema,
} from '../../protocol/http.ts';
import { YearlyRecordViewSchema } from '../../protocol/views/money-views.ts';
import {
  packetProofView,
  packetView,
  receivedShareView,
  sentPacketView,
  yearlyRecordView,
} from '../views/money-views.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { nextOf, packetCursorText, packetPage } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** The packets of conversations that the asker takes part in, and what the asker has sent and received. */
export function packetRoutes(app: GatewayApp, context: RouteContext) {
  const { reads, open } = context;
  const preHandler = authenticator(context.tokens);
  const security = [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/api/packets/sent',
    schema: {
      tags: ['money'],
      security,
      querystring: PageQuerySchema,
      response: { 200: SentPacketsPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['packets'], request.query);
      const page = await reads.sentPackets(claimsOf(request).userId, packetPage(request.query));
      return { items: page.rows.map(sentPacketView), next: nextOf(page, packetCursorText) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/packets/received',
    schema: {
      tags: ['money'],
      security,
      querystring: PageQuerySchema,
      response: { 200: ReceivedSharesPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['packets'], request.query);
      const page = await reads.receivedShares(claimsOf(request).userId, packetPage(request.query));
      return { items: page.rows.map(receivedShareView), next: nextOf(page, packetCursorText) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/packets/records/:year',
    schema: {
      tags: ['money'],
      security,
      params: YearParamsSchema,
      querystring: ReadQuerySchema,
      response: { 200: YearlyRecordViewSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['records'], request.query);
      return yearlyRecordView(await reads.yearlyRecord(claimsOf(request).userId, request.params.year));
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
