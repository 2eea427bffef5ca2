import type { Notice } from '../../domain/conversation/conversation-events.ts';
import type { FriendshipEvent } from '../../domain/friendship/friendship-events.ts';
import type { GroupEvent } from '../../domain/group/group-events.ts';
import type { ConversationId, GroupId } from '../../domain/ids.ts';
import { directConversationId, groupConversationId } from '../../domain/ids.ts';
import { streams } from '../../domain/streams.ts';
import { bodyHashOf } from '../canonical-json.ts';
import { derivedIds } from '../derived-ids.ts';
import type { RecordedEvent } from '../event-log.ts';
import { eventOf } from '../loaded-aggregate.ts';
import type { WriteScope } from '../write-scope.ts';
import { StepUnfinished } from './follower.ts';

/**
 * Tells a conversation what happened to it: new friends, comings and goings, a new name, the end. Exactly once
 * per event, however often and late it is called: the command's id is derived from the event's.
 */
export async function postNotice(
  { aggregates }: Pick<WriteScope, 'aggregates'>,
  recorded: RecordedEvent,
): Promise<void> {
  const told = noticeOf(recorded);
  if (told === undefined) return;
  const { conversationId, notice } = told;
  const outcome = await aggregates.conversation.execute(streams.conversation(conversationId), {
    command: { type: 'PostNotice', conversationId, notice },
    commandId: derivedIds.step('post-notice', recorded.id),
    bodyHash: bodyHashOf(told),
    actor: recorded.metadata.actor,
    correlationId: recorded.metadata.$correlationId,
    causationId: recorded.id,
    onceAfter: recorded.position,
  });
  if (outcome.kind !== 'accepted') throw new StepUnfinished(`the notice of ${recorded.id}`, outcome);
}

function noticeOf(
  recorded: RecordedEvent,
): { readonly conversationId: ConversationId; readonly notice: Notice } | undefined {
  const event = eventOf<FriendshipEvent | GroupEvent>(recorded);
  if (event.type === 'FriendAccepted') {
    const { by, requestedBy } = event.data;
    return { conversationId: directConversationId(by, requestedBy), notice: { kind: 'friends-now', by } };
  }
  const notice = groupNotice(event);
  if (notice === undefined) return undefined;
  const groupId = recorded.stream.slice(streams.group('' as GroupId).length) as GroupId;
  return { conversationId: groupConversationId(groupId), notice };
}

function groupNotice(event: FriendshipEvent | GroupEvent): Notice | undefined {
  switch (event.type) {
    case 'GroupCreated':
      return { kind: 'group-created', by: event.data.ownerId, memberIds: event.data.memberIds };
    case 'MemberJoined':
      return { kind: 'member-joined', userId: event.data.userId, invitedBy: event.data.invitedBy };
    case 'MemberLeft':
      return { kind: 'member-left', userId: event.data.userId };
    case 'MemberRemoved':
      return { kind: 'member-removed', userId: event.data.userId, by: event.data.by };
    case 'GroupRenamed':
      return { kind: 'group-renamed', by: event.data.by };
    case 'GroupDissolved':
      return { kind: 'group-dissolved', by: event.data.by };
    default:
      return undefined;
  }
}
