import { type ConversationId, parseConversationId, type UserId } from '../../domain/ids.ts';
import type { InboxRow } from '../../projections/queries/inbox-queries.ts';
import { bounds } from '../../protocol/bounds.ts';
import {
  ConversationParamsSchema,
  InboxPageSchema,
  MessagesQuerySchema,
  MessagesSchema,
  PageQuerySchema,
  ReceiptsPageSchema,
} from '../../protocol/http.ts';
import type { InboxEntryView } from '../../protocol/views/message-views.ts';
import { messageView, messageViews } from '../views/message-views.ts';
import { RequestFailed } from '../wire-error.ts';
import { authenticator, claimsOf } from './authenticate.ts';
import { idPage, inboxCursorPage, inboxCursorText, nextOf } from './page-cursors.ts';
import { awaitPosition, type GatewayApp, type RouteContext } from './route-context.ts';

/** The inbox, and what is in the conversations that the asker takes part in. */
export function conversationRoutes(app: GatewayApp, context: RouteContext) {
  const { reads, directory, open } = context;
  const preHandler = authenticator(context.tokens);
  const security = [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/api/inbox',
    schema: {
      tags: ['conversations'],
      security,
      querystring: PageQuerySchema,
      response: { 200: InboxPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['messages', 'cursors', 'groups', 'accounts'], request.query);
      const { userId } = claimsOf(request);
      const page = await reads.inbox(userId, inboxCursorPage(request.query));
      const groupNames = await groupNamesOf(userId, page.rows);
      await directory.views(page.rows.flatMap((row) => peerOf(row.conversationId, userId) ?? []));
      const items = await Promise.all(page.rows.map((row) => inboxEntryView(row, userId, groupNames)));
      return { items, next: nextOf(page, inboxCursorText) };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/conversations/:conversationId/messages',
    schema: {
      tags: ['conversations'],
      security,
      params: ConversationParamsSchema,
      querystring: MessagesQuerySchema,
      response: { 200: MessagesSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['messages', 'groups'], request.query);
      const { conversationId } = request.params;
      const { after, before, limit = bounds.pageItemsDefault } = request.query;
      if (after !== undefined && before !== undefined) {
        throw new RequestFailed('bad-request', 'Ask for what is after or before, not both.');
      }
      const page = await reads.messages(claimsOf(request).userId, conversationId, {
        limit,
        ...(after === undefined ? {} : { afterSeq: after }),
        ...(before === undefined ? {} : { beforeSeq: before }),
      });
      if (page === undefined) throw new RequestFailed('conversation-not-found');
      const items = await messageViews(page.rows, open);
      // History comes newest first; clients get it in the one order there is.
      return { items: after === undefined ? items.reverse() : items, more: page.next !== undefined };
    },
  });

  app.route({
    method: 'GET',
    url: '/api/conversations/:conversationId/receipts',
    schema: {
      tags: ['conversations'],
      security,
      params: ConversationParamsSchema,
      querystring: PageQuerySchema,
      response: { 200: ReceiptsPageSchema },
    },
    preHandler,
    handler: async (request) => {
      await awaitPosition(context, ['cursors', 'groups'], request.query);
      const { userId } = claimsOf(request);
      const page = await reads.receipts(userId, request.params.conversationId, idPage(request.query));
      if (page === undefined) throw new RequestFailed('conversation-not-found');
      const items = page.rows.map((row) => ({
        userId: row.userId,
        delivered: row.delivered,
        read: row.read,
      }));
      return { items, next: nextOf(page) };
    },
  });

  /** The names of the groups among these conversations. */
  async function groupNamesOf(
    userId: UserId,
    rows: readonly InboxRow[],
  ): Promise<ReadonlyMap<ConversationId, string | null>> {
    const groupIds = rows.flatMap(({ conversationId }) => {
      const parties = parseConversationId(conversationId);
      return parties?.kind === 'group' ? [parties.groupId] : [];
    });
    if (groupIds.length === 0) return new Map();
    const groups = await reads.groupsByIds(userId, groupIds);
    return new Map(
      await Promise.all(groups.map(async (group) => [group.conversationId, await open(group.name)] as const)),
    );
  }

  async function inboxEntryView(
    row: InboxRow,
    reader: UserId,
    groupNames: ReadonlyMap<ConversationId, string | null>,
  ): Promise<InboxEntryView> {
    const peer = peerOf(row.conversationId, reader);
    const { conversationId, headSeq, lastActivityMs, delivered, read, unread } = row;
    return {
      conversationId,
      peer: peer === undefined ? null : await directory.view(peer),
      groupName: groupNames.get(conversationId) ?? null,
      headSeq,
      lastActivityMs,
      lastMessage: row.last === null ? null : await messageView(row.last, open),
      delivered,
      read,
      unread,
    };
  }
}

/** The other one of a direct conversation. */
function peerOf(conversationId: ConversationId, reader: UserId): UserId | undefined {
  const parties = parseConversationId(conversationId);
  if (parties?.kind !== 'direct') return undefined;
  return parties.users.find((userId) => userId !== reader);
}
