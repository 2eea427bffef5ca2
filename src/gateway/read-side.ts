import type { Position } from '../commands/event-log.ts';
import type { ConversationId, GroupId, PacketId, UserId } from '../domain/ids.ts';
import type { AccountRow } from '../projections/accounts-projection.ts';
import type { ProjectionProgress } from '../projections/bus.ts';
import type { ReadCursorRow } from '../projections/cursors-projection.ts';
import type { FriendRequestRow, FriendRow } from '../projections/friends-projection.ts';
import type { GroupMemberRow, GroupRow } from '../projections/groups-projection.ts';
import type { MessageRow } from '../projections/messages-projection.ts';
import type { PacketGrabRow } from '../projections/packets-fold.ts';
import type { PacketRow } from '../projections/packets-projection.ts';
import type { WalletEntryRow } from '../projections/wallet-projection.ts';

/**
 * What the gateway asks of the read models: rows as they are, sealed parts still sealed. Nothing here checks who
 * asks; the gateway does, with `isParticipant`.
 */
export interface ReadSide {
  /** Resolves to true when every read shows everything up to `position`, to false after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  /** How far each projection is, from the database itself: asked when the bus is silent. */
  progress(): Promise<readonly ProjectionProgress[]>;

  /** In any order; nothing for ids that do not exist. */
  accounts(userIds: readonly UserId[]): Promise<readonly AccountRow[]>;
  friends(ownerId: UserId, page: PageRequest): Promise<RowPage<FriendRow>>;
  /** Those to and from the user. */
  friendRequests(userId: UserId, page: PageRequest): Promise<RowPage<FriendRequestRow>>;
  groupIds(userId: UserId): Promise<readonly GroupId[]>;
  groups(userId: UserId, page: PageRequest): Promise<RowPage<GroupOfMember>>;
  /** `undefined` when there is no such group or the user is not in it. */
  group(userId: UserId, groupId: GroupId): Promise<GroupOfMember | undefined>;
  groupMembers(groupId: GroupId, page: PageRequest): Promise<RowPage<GroupMemberRow>>;
  /** Whether the user takes part in the conversation at this moment. */
  isParticipant(userId: UserId, conversationId: ConversationId): Promise<boolean>;

  /** Newest first. */
  inbox(userId: UserId, page: PageRequest): Promise<RowPage<InboxRow>>;
  /** Ascending by seq. */
  messages(conversationId: ConversationId, range: MessageRange): Promise<readonly MessageRow[]>;
  /** 0 for a conversation that has nothing yet. */
  headSeq(conversationId: ConversationId): Promise<number>;
  receipts(conversationId: ConversationId): Promise<readonly ReadCursorRow[]>;

  /** `undefined` when the wallet has not been opened. */
  balanceFen(userId: UserId): Promise<number | undefined>;
  /** Newest first. */
  statement(userId: UserId, page: PageRequest): Promise<RowPage<WalletEntryRow>>;
  packet(
    packetId: PacketId,
  ): Promise<{ readonly packet: PacketRow; readonly grabs: readonly PacketGrabRow[] } | undefined>;
}

export interface PageRequest {
  /** Where the page before ended. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface RowPage<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export interface MessageRange {
  /** Exclusive. */
  readonly after?: number;
  /** Exclusive; the newest before it. */
  readonly before?: number;
  readonly limit: number;
}

export interface GroupOfMember {
  readonly group: GroupRow;
  readonly member: GroupMemberRow;
}

export interface InboxRow {
  readonly conversationId: ConversationId;
  readonly headSeq: number;
  readonly headTimeMs: number;
  readonly lastMessage: MessageRow | null;
  /** A group's. */
  readonly groupName: GroupRow['name'] | null;
  readonly delivered: number;
  readonly read: number;
  readonly unread: number;
}
