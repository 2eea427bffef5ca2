import {
  PageQuerySchema,
  ReadQuerySchema,
  StatementPageSchema,
  WalletViewSchema,
} from '../../protocol/http.ts';
import { walletEntryView } from '../views/money-views.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { nextOf, numberPage } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** The asker's wallet. */
export function moneyRoutes(app: GatewayApp, context: RouteContext) {
  const { reads } = context;
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
}
