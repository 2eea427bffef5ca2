import { accountRefusal } from '../domain/account/account-decider.ts';
import type { Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import { canConverse } from '../domain/friendship/friendship-decider.ts';
import { canSend, invitationRefusal, membershipRefusal } from '../domain/group/group-decider.ts';
import type { GroupState } from '../domain/group/group-state.ts';
import type { ConversationId, ConversationParties, DeviceId, GroupId, UserId } from '../domain/ids.ts';
import { parseConversationId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Aggregates } from './aggregates.ts';
import { firstRefusal } from './first-refusal.ts';

/**
 * What a command needs to be so in streams that it does not write to. A permission is as fresh as `preconditionAgeMs`, a
 * refusal is of now; see docs/preconditions.md for the list. All of them throw `EventLogUnavailable`.
 */
export interface Preconditions {
  /** Why this user, on this device, may do nothing now. */
  actor(userId: UserId, deviceId: DeviceId): Promise<Rejection | undefined>;
  /** Why a payment needs a proof of the PIN: there is one, and the proof is not of the one that was set last. */
  paymentPin(userId: UserId, provenPinNumber: number | undefined): Promise<Rejection | undefined>;
  /** Why there is no such user. */
  exists(userId: UserId): Promise<Rejection | undefined>;
  /** Why one of these is not there to be asked, invited or befriended by `by`. */
  reachable(by: UserId, userIds: readonly UserId[]): Promise<Rejection | undefined>;
  /**
   * Why `by` may not bring these into the group. One read: asked before `reachable`, which reads two streams for
   * each of them.
   */
  invitation(groupId: GroupId, by: UserId, userIds: readonly UserId[]): Promise<Rejection | undefined>;
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
const pinRequired = rejection('pin-required', 'This needs a payment token: the account has a payment PIN.');
const notInConversation = rejection('receivers-invalid', 'A receiver is not in the conversation.');
const notWanted = rejection('blocked', 'One of these users does not want this of you.');

/** How old a state may be, ms. */
interface Age {
  readonly maxAgeMs: number;
}

interface PreconditionBounds {
  readonly preconditionAgeMs: number;
  readonly preconditionReadsAtOnceMax: number;
}

export function createPreconditions(
  aggregates: Aggregates,
  clock: Clock,
  bounds: PreconditionBounds,
): Preconditions {
  /**
   * A permission may be as old as `preconditionAgeMs`. A refusal may not: whoever was let in a moment ago, in another
   * process, must not be told that they are out. So it is looked at again, in the newest state.
   */
  async function checked(rule: (age: Age) => Promise<Rejection | undefined>): Promise<Rejection | undefined> {
    const refusal = await rule({ maxAgeMs: bounds.preconditionAgeMs });
    return refusal === undefined ? undefined : rule({ maxAgeMs: 0 });
  }

  const accountOf = async (userId: UserId, age: Age) =>
    (await aggregates.account.load(streams.account(userId), age)).state;
  const groupOf = async (groupId: GroupId, age: Age) =>
    (await aggregates.group.load(streams.group(groupId), age)).state;
  const friendshipOf = async (one: UserId, other: UserId, age: Age) =>
    (await aggregates.friendship.load(streams.friendship(one, other), age)).state;

  async function asParticipant(
    conversationId: ConversationId,
    userId: UserId,
    inGroup: (state: GroupState) => Rejection | undefined,
    inDirect: (other: UserId, age: Age) => Promise<Rejection | undefined>,
  ): Promise<Rejection | undefined> {
    const parties = parseConversationId(conversationId);
    if (parties === undefined) return noConversation;
    if (parties.kind === 'direct') {
      const other = otherOf(parties, userId);
      return other === undefined ? noConversation : checked((age) => inDirect(other, age));
    }
    const refusal = await checked(async (age) => inGroup(await groupOf(parties.groupId, age)));
    return refusal?.code === 'group-not-found' ? noConversation : refusal;
  }

  const writeTo = (userId: UserId) => async (other: UserId, age: Age) =>
    canConverse(await friendshipOf(userId, other, age), userId);

  async function unreachable(by: UserId, userId: UserId, age: Age): Promise<Rejection | undefined> {
    const { status } = await accountOf(userId, age);
    if (status === 'none' || status === 'closed') return noUser;
    if (userId === by) return undefined;
    const { blockedBy } = await friendshipOf(by, userId, age);
    return blockedBy.includes(userId) ? notWanted : undefined;
  }

  return {
    actor: (userId, deviceId) =>
      checked(async (age) => {
        const state = await accountOf(userId, age);
        return accountRefusal(state) ?? (state.devices.includes(deviceId) ? undefined : noDevice);
      }),

    paymentPin: (userId, provenPinNumber) =>
      checked(async (age) => {
        const { paymentPins } = await accountOf(userId, age);
        return paymentPins === 0 || paymentPins === provenPinNumber ? undefined : pinRequired;
      }),

    exists: (userId) =>
      checked(async (age) => ((await accountOf(userId, age)).status === 'none' ? noUser : undefined)),

    reachable: (by, userIds) =>
      firstRefusal(userIds, bounds.preconditionReadsAtOnceMax, (userId) =>
        checked((age) => unreachable(by, userId, age)),
      ),

    invitation: (groupId, by, userIds) =>
      checked(async (age) => invitationRefusal(await groupOf(groupId, age), by, userIds)),

    participant: (conversationId, userId) =>
      asParticipant(
        conversationId,
        userId,
        // The end of a group takes nobody's past away: its last notices are acknowledged as any other.
        (state) => (state.members.has(userId) ? undefined : noConversation),
        () => Promise.resolve(undefined),
      ),

    sender: (conversationId, userId) =>
      asParticipant(
        conversationId,
        userId,
        (state) => canSend(state, userId, clock.nowMs()),
        writeTo(userId),
      ),

    delivery: (conversationId, userId) =>
      asParticipant(conversationId, userId, (state) => membershipRefusal(state, userId), writeTo(userId)),

    async receivers(conversationId, userIds) {
      const parties = parseConversationId(conversationId);
      if (parties?.kind !== 'group') return undefined; // the packet's own rules know the two of a pair
      return checked(async (age) => {
        const { members } = await groupOf(parties.groupId, age);
        return userIds.every((userId) => members.has(userId)) ? undefined : notInConversation;
      });
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
