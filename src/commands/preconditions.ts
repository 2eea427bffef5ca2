import { accountRefusal } from '../domain/account/account-decider.ts';
import type { Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import { canConverse } from '../domain/friendship/friendship-decider.ts';
import { canSend, membershipRefusal } from '../domain/group/group-decider.ts';
import type { GroupState } from '../domain/group/group-state.ts';
import type { ConversationId, ConversationParties, DeviceId, GroupId, UserId } from '../domain/ids.ts';
import { parseConversationId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Aggregates } from './aggregates.ts';

/**
 * What a command needs to be so in streams that it does not write to. Every answer is as fresh as `ageMs`; see
 * docs/preconditions.md for the list. All of them throw `EventLogUnavailable`.
 */
export interface Preconditions {
  /** Why this user, on this device, may do nothing now. */
  actor(userId: UserId, deviceId: DeviceId): Promise<Rejection | undefined>;
  /** Why there is no such user. */
  exists(userId: UserId): Promise<Rejection | undefined>;
  /** Why one of these is not there to be asked, invited or befriended by `by`. */
  reachable(by: UserId, userIds: readonly UserId[]): Promise<Rejection | undefined>;
  /** Why `userId` takes no part in the conversation: may not acknowledge, recall or grab there. */
  participant(conversationId: ConversationId, userId: UserId): Promise<Rejection | undefined>;
  /** Why `userId` may not send into the conversation. */
  sender(conversationId: ConversationId, userId: UserId): Promise<Rejection | undefined>;
  /** As `sender`, for a message that was promised already: a mute does not hold it up. */
  delivery(conversationId: ConversationId, userId: UserId): Promise<Rejection | undefined>;
  /** Why one of these does not belong to the conversation. */
  receivers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<Rejection | undefined>;
}

const noConversation = rejection(
  'conversation-not-found',
  'There is no such conversation, or you are not in it.',
);
const noUser = rejection('not-found', 'There is no such user.');
const noDevice = rejection('unauthenticated', 'This device has been logged out.');
const notInConversation = rejection('receivers-invalid', 'A receiver is not in the conversation.');
const blockedBy = rejection('blocked', 'One of these users does not want this of you.');

export function createPreconditions(aggregates: Aggregates, clock: Clock, ageMs: number): Preconditions {
  const fresh = { maxAgeMs: ageMs };
  const group = async (groupId: GroupId): Promise<GroupState> =>
    (await aggregates.group.load(streams.group(groupId), fresh)).state;
  const friendship = async (one: UserId, other: UserId) =>
    (await aggregates.friendship.load(streams.friendship(one, other), fresh)).state;

  async function asParticipant(
    conversationId: ConversationId,
    userId: UserId,
    rules: {
      readonly inGroup: (state: GroupState) => Rejection | undefined;
      readonly inDirect: (other: UserId) => Promise<Rejection | undefined>;
    },
  ): Promise<Rejection | undefined> {
    const parties = parseConversationId(conversationId);
    if (parties === undefined) return noConversation;
    if (parties.kind === 'direct') {
      const other = otherOf(parties, userId);
      return other === undefined ? noConversation : rules.inDirect(other);
    }
    const refusal = rules.inGroup(await group(parties.groupId));
    return refusal?.code === 'group-not-found' ? noConversation : refusal;
  }

  const canWriteTo = (userId: UserId) => async (other: UserId) =>
    canConverse(await friendship(userId, other), userId);

  return {
    async actor(userId, deviceId) {
      const { state } = await aggregates.account.load(streams.account(userId), fresh);
      const refusal = accountRefusal(state);
      if (refusal !== undefined) return refusal;
      return state.devices.includes(deviceId) ? undefined : noDevice;
    },

    async exists(userId) {
      const { state } = await aggregates.account.load(streams.account(userId), fresh);
      return state.status === 'none' ? noUser : undefined;
    },

    async reachable(by, userIds) {
      const refusals = await Promise.all(
        userIds.map(async (userId) => {
          const { state } = await aggregates.account.load(streams.account(userId), fresh);
          if (state.status === 'none' || state.status === 'closed') return noUser;
          if (userId === by) return undefined;
          return (await friendship(by, userId)).blockedBy.includes(userId) ? blockedBy : undefined;
        }),
      );
      return refusals.find((refusal) => refusal !== undefined);
    },

    participant: (conversationId, userId) =>
      asParticipant(conversationId, userId, {
        // The end of a group takes nobody's past away: its last notices are acknowledged as any other.
        inGroup: (state) => (state.members.has(userId) ? undefined : noConversation),
        inDirect: () => Promise.resolve(undefined),
      }),

    sender: (conversationId, userId) =>
      asParticipant(conversationId, userId, {
        inGroup: (state) => canSend(state, userId, clock.nowMs()),
        inDirect: canWriteTo(userId),
      }),

    delivery: (conversationId, userId) =>
      asParticipant(conversationId, userId, {
        inGroup: (state) => membershipRefusal(state, userId),
        inDirect: canWriteTo(userId),
      }),

    async receivers(conversationId, userIds) {
      const parties = parseConversationId(conversationId);
      if (parties?.kind !== 'group') return undefined; // the packet's own rules know the two of a pair
      const { members } = await group(parties.groupId);
      return userIds.every((userId) => members.has(userId)) ? undefined : notInConversation;
    },
  };
}

function otherOf(
  { users: [one, other] }: Extract<ConversationParties, { kind: 'direct' }>,
  userId: UserId,
): UserId | undefined {
  if (userId === one) return other;
  return userId === other ? one : undefined;
}
