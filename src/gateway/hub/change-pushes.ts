import { parseConversationId, type UserId } from '../../domain/ids.ts';
import type { Audience, Change } from '../../projections/changes.ts';
import { bounds } from '../../protocol/bounds.ts';
import { encodePush } from '../socket/encode-frame.ts';
import { blockView, friendRequestView, friendView } from '../views/friend-views.ts';
import { groupMembership, groupView } from '../views/group-views.ts';
import { messageView } from '../views/message-views.ts';
import { grabView, walletEntryView } from '../views/money-views.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { UserDirectory } from '../views/user-directory.ts';
import type { Hub } from './hub.ts';

/** A frame, and who gets it. Who that is by name is found out when it is sent, not when it was made. */
export interface OutgoingPush {
  readonly to: Audience;
  readonly frame: Buffer;
  /** Those of the audience who do not get this frame, because they get one of their own. */
  readonly except?: ReadonlySet<UserId>;
}

export interface PushMakers {
  readonly hub: Hub;
  readonly directory: UserDirectory;
  readonly open: OpenSealed;
}

/**
 * Whether anyone is to be told of a change at all. In a large group everyone's receipts would cost as much as its
 * members squared: there, clients read the receipts that they show.
 */
export function isPushed(change: Change, hub: Pick<Hub, 'memberCount'>): boolean {
  if (change.kind !== 'receipt') return true;
  const parties = parseConversationId(change.conversationId);
  return parties?.kind !== 'group' || hub.memberCount(parties.groupId) <= bounds.receiptPushMembersMax;
}

/**
 * The pushes that one change amounts to, each opened and encoded once however many get it. Nothing when nobody
 * of its audience is connected here.
 */
export async function pushesOf(change: Change, makers: PushMakers): Promise<readonly OutgoingPush[]> {
  const { hub, directory, open } = makers;
  switch (change.kind) {
    case 'message': {
      if (!hub.hasAudience(change.audience)) return [];
      return [{ to: change.audience, frame: encodePush('message', await messageView(change.message, open)) }];
    }
    case 'receipt': {
      if (!hub.hasAudience(change.audience)) return [];
      const { conversationId, userId, delivered, read } = change;
      return [
        { to: change.audience, frame: encodePush('receipt', { conversationId, userId, delivered, read }) },
      ];
    }
    case 'friend':
      return friendPushes(change, makers);
    case 'group':
      return groupPushes(change, makers);
    case 'wallet': {
      const to = only(change.userId);
      if (!hub.hasAudience(to)) return [];
      const entries = change.entries.map(walletEntryView);
      return [{ to, frame: encodePush('wallet', { balanceFen: change.balanceFen, entries }) }];
    }
    case 'packet':
      return packetPushes(change, makers);
    case 'account': {
      // Learnt in any case: others' pages name this user.
      const user = await directory.learn(change.account);
      const to = only(change.account.userId);
      return hub.hasAudience(to) ? [{ to, frame: encodePush('account', { user }) }] : [];
    }
    case 'device-revoked':
      return [];
  }
}

async function friendPushes(
  change: Extract<Change, { kind: 'friend' }>,
  { hub, directory, open }: PushMakers,
): Promise<readonly OutgoingPush[]> {
  const { ownerId, otherId: userId, entry } = change;
  const to = only(ownerId);
  if (!hub.hasAudience(to)) return [];
  switch (entry.list) {
    case 'friends': {
      const view = entry.row === null ? null : await friendView(entry.row, directory, open);
      return [{ to, frame: encodePush('friend', { list: entry.list, userId, entry: view }) }];
    }
    case 'incoming':
    case 'outgoing': {
      const view = entry.row === null ? null : await friendRequestView(entry.row, ownerId, directory, open);
      return [{ to, frame: encodePush('friend', { list: entry.list, userId, entry: view }) }];
    }
    case 'blocks': {
      const view = entry.row === null ? null : await blockView(entry.row, directory);
      return [{ to, frame: encodePush('friend', { list: entry.list, userId, entry: view }) }];
    }
  }
}

async function groupPushes(
  change: Extract<Change, { kind: 'group' }>,
  { hub, open }: PushMakers,
): Promise<readonly OutgoingPush[]> {
  const members: Audience = { kind: 'conversation', conversationId: change.group.conversationId };
  const gone: Audience = { kind: 'users', users: change.leftUserIds };
  if (!hub.hasAudience(members) && !hub.hasAudience(gone)) return [];
  const group = await groupView(change.group, open);
  const frame = encodePush('group', {
    group,
    members: change.members.map(groupMembership),
    leftUserIds: [...change.leftUserIds],
  });
  return [
    { to: members, frame },
    { to: gone, frame },
  ];
}

/** Who got how much goes to the sender (all of it) and to each taker (their own); others learn how many are left. */
async function packetPushes(
  change: Extract<Change, { kind: 'packet' }>,
  { hub, open }: PushMakers,
): Promise<readonly OutgoingPush[]> {
  if (!hub.hasAudience(change.audience)) return [];
  const { packetId, conversationId, senderId, state, count, remainingShares } = change.packet;
  const shared = { packetId, conversationId, state, count, taken: count - remainingShares };
  const grabs = await Promise.all(change.grabs.map((grab) => grabView(grab, open)));
  const own = new Map<UserId, typeof grabs>(grabs.map((grab) => [grab.userId, [grab]]));
  if (grabs.length > 0) own.set(senderId, grabs);
  return [
    {
      to: change.audience,
      frame: encodePush('packet', { ...shared, grabs: [] }),
      except: new Set(own.keys()),
    },
    ...[...own].map(([userId, seen]) => ({
      to: only(userId),
      frame: encodePush('packet', { ...shared, grabs: seen }),
    })),
  ];
}

function only(userId: UserId): Audience {
  return { kind: 'users', users: [userId] };
}
