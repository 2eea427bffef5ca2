import type { UserId } from '../../domain/ids.ts';
import { isUuid } from '../../domain/ids.ts';
import { bounds } from '../../protocol/bounds.ts';
import {
  BlocksPageSchema,
  FriendRequestsPageSchema,
  FriendRequestsQuerySchema,
  FriendsPageSchema,
  PageQuerySchema,
  UsersQuerySchema,
  UsersSchema,
} from '../../protocol/http.ts';
import { blockView, friendRequestView, friendView } from '../views/friend-views.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { idPage, nextOf } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** Users, friends and friend requests. */
export function peopleRoutes(app: GatewayApp, context: RouteContext) {
  const { reads, directory, open, accounts } = context;
  const preHandler = authenticator(context.tokens);
  const security = [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/api/users',
    schema: { tags: ['people'], security, querystring: UsersQuerySchema, response: { 200: UsersSchema } },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['accounts'], request.query);
      const { username, ids } = request.query;
      if ((username === undefined) === (ids === undefined)) {
        throw new RequestFailed('bad-request', 'Ask by username or by ids.');
      }
      if (username !== undefined) {
        const userId = await accounts.userIdOf(username);
        return { items: userId === undefined ? [] : [await directory.viewOfNew(userId)] };
      }
      return { items: [...(await directory.known(userIdsOf(ids ?? '')))] };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/friends',
    schema: {
      tags: ['people'],
      security,
      querystring: PageQuerySchema,
      response: { 200: FriendsPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['friends', 'accounts'], request.query);
      const page = await reads.friends(claimsOf(request).userId, idPage(request.query));
      // One lookup for all of the page's names; the views then find them cached.
      await directory.views(page.rows.map((row) => row.friendId));
      const items = await Promise.all(page.rows.map((row) => friendView(row, directory, open)));
      return { items, next: nextOf(page) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/friend-requests',
    schema: {
      tags: ['people'],
      security,
      querystring: FriendRequestsQuerySchema,
      response: { 200: FriendRequestsPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['friends', 'accounts'], request.query);
      const { userId } = claimsOf(request);
      const { direction = 'incoming' } = request.query;
      const page = await reads.friendRequests(userId, direction, idPage(request.query));
      await directory.views(page.rows.map((row) => (row.toId === userId ? row.fromId : row.toId)));
      const items = await Promise.all(
        page.rows.map((row) => friendRequestView(row, userId, directory, open)),
      );
      return { items, next: nextOf(page) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/blocks',
    schema: { tags: ['people'], security, querystring: PageQuerySchema, response: { 200: BlocksPageSchema } },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['friends', 'accounts'], request.query);
      const page = await reads.blocks(claimsOf(request).userId, idPage(request.query));
      await directory.views(page.rows.map((row) => row.blockedId));
      const items = await Promise.all(page.rows.map((row) => blockView(row, directory)));
      return { items, next: nextOf(page) };
    },
  });
}

function userIdsOf(list: string): readonly UserId[] {
  const ids = list.split(',');
  if (ids.length > bounds.usersPerLookup || !ids.every(isUuid)) {
    throw new RequestFailed('bad-request', `ids holds at most ${bounds.usersPerLookup} user ids.`);
  }
  return ids as UserId[];
}
