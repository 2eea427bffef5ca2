import { rejection } from '../../domain/decider.ts';
import type { FriendshipCommand } from '../../domain/friendship/friendship-commands.ts';
import type { UserId } from '../../domain/ids.ts';
import { directConversationId } from '../../domain/ids.ts';
import { streams } from '../../domain/streams.ts';
import { doneOf, outcomeOf, rejected } from '../outcomes.ts';
import type { RequestContext } from '../requests.ts';
import type { UserCommandOptions } from '../user-command.ts';
import { openBody, personalBody, userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

type FriendRequests =
  | 'requestFriend'
  | 'acceptFriend'
  | 'declineFriend'
  | 'removeFriend'
  | 'blockUser'
  | 'unblockUser'
  | 'setRemark';

const selfNotAllowed = rejection('self-not-allowed', 'This cannot be done with oneself.');

export function friendHandlers(scope: WriteScope): Handlers<FriendRequests> {
  const { aggregates, keyring, preconditions } = scope;

  /** The pair has one stream, so that nothing about it can be two-sided. */
  const execute = (context: RequestContext, command: FriendshipCommand, body: UserCommandOptions) =>
    aggregates.friendship.execute(
      streams.friendship(command.by, command.other),
      userCommand(context, command, body),
    );

  const pair = (context: RequestContext, request: { readonly userId: UserId }) => ({
    by: context.userId,
    other: request.userId,
  });

  return {
    async requestFriend(request, context) {
      // Before the preconditions: one is always reachable for oneself.
      if (request.userId === context.userId) return rejected(selfNotAllowed);
      const refusal = await preconditions.reachable(context.userId, [request.userId]);
      const body = await personalBody(keyring, context, 'requestFriend', request);
      const note = request.note === '' ? null : await keyring.seal(context.userId, request.note);
      const command = { type: 'RequestFriend', ...pair(context, request), note } as const;
      return doneOf(await execute(context, command, { ...body, refusal }));
    },

    async acceptFriend(request, context) {
      const command = { type: 'AcceptFriend', ...pair(context, request) } as const;
      const outcome = await execute(context, command, openBody('acceptFriend', request));
      const conversationId = directConversationId(context.userId, request.userId);
      return outcomeOf(outcome, () => ({ conversationId }));
    },

    async declineFriend(request, context) {
      const command = { type: 'DeclineFriend', ...pair(context, request) } as const;
      return doneOf(await execute(context, command, openBody('declineFriend', request)));
    },

    async removeFriend(request, context) {
      const command = { type: 'RemoveFriend', ...pair(context, request) } as const;
      return doneOf(await execute(context, command, openBody('removeFriend', request)));
    },

    async blockUser(request, context) {
      const refusal = await preconditions.exists(request.userId);
      const command = { type: 'BlockUser', ...pair(context, request) } as const;
      return doneOf(await execute(context, command, { ...openBody('blockUser', request), refusal }));
    },

    async unblockUser(request, context) {
      const command = { type: 'UnblockUser', ...pair(context, request) } as const;
      return doneOf(await execute(context, command, openBody('unblockUser', request)));
    },

    async setRemark(request, context) {
      const body = await personalBody(keyring, context, 'setRemark', request);
      const remark = request.remark === null ? null : await keyring.seal(context.userId, request.remark);
      const command = { type: 'SetRemark', ...pair(context, request), remark } as const;
      return doneOf(await execute(context, command, body));
    },
  };
}
