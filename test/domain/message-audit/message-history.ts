import type { DomainEventType, EventOfType } from '../../../src/domain/events.ts';
import type { ConversationId, UserId } from '../../../src/domain/ids.ts';
import { receiptShardCount, streams } from '../../../src/domain/streams.ts';
import {
  alice,
  aliceAndBob,
  bob,
  carol,
  clientMsgId,
  deviceId,
  groupChat,
  packetTerms,
  sealed,
  theGroup,
} from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';
import type { Planted } from '../../support/recorded-log.ts';

function step<Type extends DomainEventType>(
  stream: string,
  type: Type,
  data: EventOfType<Type>['data'],
  timeMs = startMs,
): Planted {
  return { stream, timeMs, event: { type, data } as EventOfType<Type> };
}

export const conversation = streams.conversation(aliceAndBob);
const friendship = streams.friendship(alice, bob);
const group = streams.group(theGroup);
export const receipts = streams.receipts(receiptShardCount - 1);

export const becameFriends = step(friendship, 'FriendAccepted', { by: bob, requestedBy: alice });
export const parted = (timeMs = startMs) =>
  step(friendship, 'FriendRemoved', { by: alice, removed: bob }, timeMs);
export const blocked = (by: UserId, other: UserId, timeMs = startMs) =>
  step(friendship, 'UserBlocked', { by, blocked: other }, timeMs);
export const unblocked = (by: UserId, other: UserId) =>
  step(friendship, 'UserUnblocked', { by, unblocked: other });
export const groupMade = step(group, 'GroupCreated', {
  groupId: theGroup,
  ownerId: alice,
  name: sealed('g'),
  memberIds: [bob],
});
export const left = (userId: UserId, timeMs = startMs) => step(group, 'MemberLeft', { userId }, timeMs);
export const joined = (userId: UserId) => step(group, 'MemberJoined', { userId, invitedBy: alice });
export const dissolved = (timeMs = startMs) => step(group, 'GroupDissolved', { by: alice }, timeMs);
export const notice = step(conversation, 'NoticePosted', {
  conversationId: aliceAndBob,
  notice: { kind: 'friends-now', by: bob },
});
export const terms = packetTerms({ conversationId: aliceAndBob });
export const packetSent = step(streams.packet(terms.packetId), 'PacketSent', terms);

export type Message = EventOfType<'MessageSent'>['data'];

/** A text of Alice's with this messageNo, and of an id of the same number; changed as asked. */
export function sent(
  messageNo: number,
  change: Partial<Message> & { readonly timeMs?: number } = {},
): Planted {
  const { timeMs, ...rest } = change;
  const data: Message = {
    conversationId: aliceAndBob,
    senderId: alice,
    clientMsgId: clientMsgId(messageNo),
    messageNo,
    kind: 'text',
    body: sealed('text'),
    packetId: null,
    ...rest,
  };
  return step(streams.conversation(data.conversationId), 'MessageSent', data, timeMs);
}

export const packetShown = (messageNo: number, change: Partial<Message> = {}) =>
  sent(messageNo, { kind: 'packet', packetId: terms.packetId, ...change });

export const recalled = (seq: number, by = alice, timeMs = startMs, conversationId = aliceAndBob) =>
  step(streams.conversation(conversationId), 'MessageRecalled', { conversationId, seq, by }, timeMs);

export function acknowledged(
  delivered: number,
  read: number,
  userId: UserId = bob,
  { conversationId = aliceAndBob as ConversationId, timeMs = startMs } = {},
): Planted {
  const cursor = { userId, deviceId: deviceId(1), conversationId, delivered, read };
  return step(receipts, 'ReceiptsAdvanced', { cursors: [cursor] }, timeMs);
}

/** Everything that messages go through, by the rules. */
export const honest: readonly Planted[] = [
  becameFriends,
  notice,
  sent(1),
  packetSent,
  packetShown(2),
  sent(3, { senderId: bob, clientMsgId: clientMsgId(1) }),
  acknowledged(4, 3),
  recalled(2),
  acknowledged(2, 1),
  sent(4),
  groupMade,
  sent(1, { conversationId: groupChat }),
  joined(carol),
  sent(2, { conversationId: groupChat, senderId: carol }),
  acknowledged(2, 2, carol, { conversationId: groupChat }),
];
