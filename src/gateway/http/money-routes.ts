import { Readable } from 'node:stream';
import { limits } from '../../config/limits.ts';
import {
  PageQuerySchema,
  ReadQuerySchema,
  StatementFileQuerySchema,
  StatementPageSchema,
  WalletViewSchema,
} from '../../protocol/http.ts';
import { walletEntryView } from '../views/money-views.ts';
import { statementCsv } from '../views/statement-csv.ts';
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

  app.route({
    method: 'GET',
    url: '/api/wallet/statement.csv',
    schema: { tags: ['money'], security, produces: ['text/csv'], querystring: StatementFileQuerySchema },
    config: { rateLimit: { max: limits.gateway.statementFilesPerMinutePerAddress, timeWindow: 60_000 } },
    preHandler,
    handler: async (request, reply) => {
      await awaitPosition(context, ['wallet'], request.query);
      const { before } = numberPage(request.query);
      const { statementFileRowsMax: rowsMax } = limits.gateway;
      const pageRows = limits.projections.pageRowsMax;
      const lines = statementCsv(reads, claimsOf(request).userId, { before, rowsMax, pageRows });
      // The first page before the headers: what stands in its way is answered as everywhere.
      const { value: first = '' } = await lines.next();
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="statement.csv"')
        .send(Readable.from(behind(first, lines)));
    },
  });
}

async function* behind(first: string, rest: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  yield first;
  yield* rest;
}
