import type { ConversationId, DeviceId, UserId } from '../domain/ids.ts';
import { parseConversationId } from '../domain/ids.ts';
import type { AccountRow } from './accounts-projection.ts';
import type { FriendBlockRow, FriendRequestRow, FriendRow } from './friends-projection.ts';
import type { GroupMemberRow, GroupRow } from './groups-projection.ts';
import type { MessageRow } from './messages-projection.ts';
import type { PacketGrabRow } from './packets-fold.ts';
import type { PacketRow } from './packets-projection.ts';
import type { WalletEntryRow } from './wallet-projection.ts';

/**
 * What a read model's change means to clients: enough for a gateway to push it without asking the database.
 * Sealed parts are still sealed. A change tells the row as it is after the batch, not the steps on the way.
 */
export type Change =
  | {
      readonly kind: 'message';
      readonly audience: Audience;
      readonly message: MessageRow;
    }
  | {
      readonly kind: 'receipt';
      readonly audience: Audience;
      readonly conversationId: ConversationId;
      readonly userId: UserId;
      /** The furthest that any of the user's devices has received; a seq. */
      readonly delivered: number;
      readonly read: number;
    }
  | {
      readonly kind: 'friend';
      /** Whose list it is. */
      readonly ownerId: UserId;
      readonly otherId: UserId;
      readonly entry: FriendListEntry;
    }
  | {
      readonly kind: 'group';
      readonly group: GroupRow;
      /** Those who are in now and were not, or whose role or mute changed. */
      readonly members: readonly GroupMemberRow[];
      readonly leftUserIds: readonly UserId[];
    }
  | {
      readonly kind: 'wallet';
      readonly userId: UserId;
      readonly balanceFen: number;
      /** New statement entries, oldest first; empty when the wallet has just been opened. */
      readonly entries: readonly WalletEntryRow[];
    }
  | {
      readonly kind: 'packet';
      readonly audience: Audience;
      readonly packet: PacketRow;
      /** Shares that were taken, or said thank you for. */
      readonly grabs: readonly Omit<PacketGrabRow, 'packetId'>[];
    }
  | { readonly kind: 'account'; readonly account: AccountRow }
  /** The device was logged out, by its user or to make room: its connections end. */
  | { readonly kind: 'device-revoked'; readonly userId: UserId; readonly deviceId: DeviceId };

/** One entry of a user's friend pages, or that it is gone. */
export type FriendListEntry =
  | { readonly list: 'friends'; readonly row: FriendRow | null }
  | { readonly list: 'incoming' | 'outgoing'; readonly row: FriendRequestRow | null }
  | { readonly list: 'blocks'; readonly row: FriendBlockRow | null };

/** Who is to hear of it: two users by name, or whoever is in the group at that moment. */
export type Audience =
  | { readonly kind: 'users'; readonly users: readonly UserId[] }
  | { readonly kind: 'conversation'; readonly conversationId: ConversationId };

/** The audience of what happens in a conversation. */
export function audienceOf(conversationId: ConversationId): Audience {
  const parties = parseConversationId(conversationId);
  return parties?.kind === 'direct'
    ? { kind: 'users', users: parties.users }
    : { kind: 'conversation', conversationId };
}
