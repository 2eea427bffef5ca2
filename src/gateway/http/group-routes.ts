import {
  GroupMembersPageSchema,
  GroupParamsSchema,
  GroupsPageSchema,
  GroupViewSchema,
  PageQuerySchema,
  ReadQuerySchema,
} from '../../protocol/http.ts';
import { groupMemberViews, groupView } from '../views/group-views.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { idPage, nextOf } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** The groups that the asker is in. To others a group does not exist. */
export function groupRoutes(app: GatewayApp, context: RouteContext) {
  const { reads, directory, open } = context;
  const preHandler = authenticator(context.tokens);
  const security = [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/api/groups',
    schema: { tags: ['groups'], security, querystring: PageQuerySchema, response: { 200: GroupsPageSchema } },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['groups'], request.query);
      const page = await reads.groups(claimsOf(request).userId, idPage(request.query));
      return { items: await Promise.all(page.rows.map((row) => groupView(row, open))), next: nextOf(page) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/groups/:groupId',
    schema: {
      tags: ['groups'],
      security,
      params: GroupParamsSchema,
      querystring: ReadQuerySchema,
      response: { 200: GroupViewSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['groups'], request.query);
      const group = await reads.group(claimsOf(request).userId, request.params.groupId);
      if (group === undefined) throw new RequestFailed('group-not-found');
      return groupView(group, open);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/groups/:groupId/members',
    schema: {
      tags: ['groups'],
      security,
      params: GroupParamsSchema,
      querystring: PageQuerySchema,
      response: { 200: GroupMembersPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['groups', 'accounts'], request.query);
      const { userId } = claimsOf(request);
      const page = await reads.groupMembers(userId, request.params.groupId, idPage(request.query));
      if (page === undefined) throw new RequestFailed('group-not-found');
      return { items: await groupMemberViews(page.rows, directory), next: nextOf(page) };
    },
  });
}
