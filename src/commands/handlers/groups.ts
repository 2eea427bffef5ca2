import type { GroupCommand } from '../../domain/group/group-commands.ts';
import { firstMembersRefusal, groupNotFound } from '../../domain/group/group-decider.ts';
import type { GroupId } from '../../domain/ids.ts';
import { groupConversationId } from '../../domain/ids.ts';
import { streams } from '../../domain/streams.ts';
import { derivedIds } from '../derived-ids.ts';
import { doneOf, outcomeOf, rejected } from '../outcomes.ts';
import type { RequestContext } from '../requests.ts';
import type { UserCommandOptions } from '../user-command.ts';
import { openBody, personalBody, userCommand } from '../user-command.ts';
import type { WriteScope } from '../write-scope.ts';
import type { Handlers } from './handler.ts';

type GroupRequests =
  | 'createGroup'
  | 'inviteMembers'
  | 'leaveGroup'
  | 'removeMember'
  | 'changeRole'
  | 'transferOwnership'
  | 'muteMember'
  | 'renameGroup'
  | 'setAnnouncement'
  | 'changeJoinPolicy'
  | 'dissolveGroup';

export function groupHandlers({ aggregates, keyring, preconditions }: WriteScope): Handlers<GroupRequests> {
  const execute = (
    context: RequestContext,
    groupId: GroupId,
    command: GroupCommand,
    body: UserCommandOptions,
  ) => aggregates.group.execute(streams.group(groupId), userCommand(context, command, body));

  /** Asked before anything is sealed for a group: sealing makes a key, which is kept for good. */
  async function exists(groupId: GroupId): Promise<boolean> {
    const stream = streams.group(groupId);
    const known = await aggregates.group.load(stream, { maxAgeMs: Number.POSITIVE_INFINITY });
    return known.revision >= 0 || (await aggregates.group.load(stream, { maxAgeMs: 0 })).revision >= 0;
  }

  return {
    async createGroup(request, context) {
      const by = context.userId;
      // Derived, so that a repeated request finds the group that it has made.
      const groupId = derivedIds.group(by, context.commandId);
      const refusal =
        firstMembersRefusal(by, request.memberIds) ?? (await preconditions.reachable(by, request.memberIds));
      const body = await personalBody(keyring, context, 'createGroup', request);
      const name = await keyring.seal(groupId, request.name);
      const command = { type: 'CreateGroup', groupId, by, name, memberIds: request.memberIds } as const;
      const outcome = await execute(context, groupId, command, { ...body, refusal });
      return outcomeOf(outcome, () => ({ groupId, conversationId: groupConversationId(groupId) }));
    },

    async inviteMembers(request, context) {
      const { groupId, userIds } = request;
      // Only decided here and not answered: an invitation that was accepted before is told by its id.
      const refusal =
        (await preconditions.invitation(groupId, context.userId, userIds)) ??
        (await preconditions.reachable(context.userId, userIds));
      const command = { type: 'InviteMembers', by: context.userId, userIds } as const;
      const body = { ...openBody('inviteMembers', request), refusal };
      return doneOf(await execute(context, groupId, command, body));
    },

    async leaveGroup(request, context) {
      const command = { type: 'LeaveGroup', by: context.userId } as const;
      return doneOf(await execute(context, request.groupId, command, openBody('leaveGroup', request)));
    },

    async removeMember(request, context) {
      const command = { type: 'RemoveMember', by: context.userId, userId: request.userId } as const;
      return doneOf(await execute(context, request.groupId, command, openBody('removeMember', request)));
    },

    async changeRole(request, context) {
      const { groupId, userId, role } = request;
      const command = { type: 'ChangeRole', by: context.userId, userId, role } as const;
      return doneOf(await execute(context, groupId, command, openBody('changeRole', request)));
    },

    async transferOwnership(request, context) {
      const command = { type: 'TransferOwnership', by: context.userId, to: request.userId } as const;
      const body = openBody('transferOwnership', request);
      return doneOf(await execute(context, request.groupId, command, body));
    },

    async muteMember(request, context) {
      const { groupId, userId, untilMs } = request;
      const command = { type: 'MuteMember', by: context.userId, userId, untilMs } as const;
      return doneOf(await execute(context, groupId, command, openBody('muteMember', request)));
    },

    async renameGroup(request, context) {
      if (!(await exists(request.groupId))) return rejected(groupNotFound);
      const body = await personalBody(keyring, context, 'renameGroup', request);
      const name = await keyring.seal(request.groupId, request.name);
      const command = { type: 'RenameGroup', by: context.userId, name } as const;
      return doneOf(await execute(context, request.groupId, command, body));
    },

    async setAnnouncement(request, context) {
      const { groupId, text } = request;
      if (!(await exists(groupId))) return rejected(groupNotFound);
      const body = await personalBody(keyring, context, 'setAnnouncement', request);
      const sealed = text === null ? null : await keyring.seal(groupId, text);
      const command = { type: 'SetAnnouncement', by: context.userId, text: sealed } as const;
      return doneOf(await execute(context, groupId, command, body));
    },

    async changeJoinPolicy(request, context) {
      const command = { type: 'ChangeJoinPolicy', by: context.userId, policy: request.policy } as const;
      const body = openBody('changeJoinPolicy', request);
      return doneOf(await execute(context, request.groupId, command, body));
    },

    async dissolveGroup(request, context) {
      const command = { type: 'DissolveGroup', by: context.userId } as const;
      return doneOf(await execute(context, request.groupId, command, openBody('dissolveGroup', request)));
    },
  };
}
