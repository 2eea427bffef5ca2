import type { Position } from '../commands/event-log.ts';
import type { ConversationId, GroupId, PacketId, UserId } from '../domain/ids.ts';
import type { AccountRow } from '../projections/accounts-projection.ts';
import type { ProjectionProgress } from '../projections/bus.ts';
import type { ReadCursorRow } from '../projections/cursors-projection.ts';
import type { FriendBlockRow, FriendRequestRow, FriendRow } from '../projections/friends-projection.ts';
import type { GroupMemberRow, GroupRow } from '../projections/groups-projection.ts';
import type { MessageRow } from '../projections/messages-projection.ts';
import type { InboxCursor, InboxRow } from '../projections/queries/inbox-queries.ts';
import type { UserGroupRow } from '../projections/queries/membership-queries.ts';
import type { MessageRange } from '../projections/queries/message-queries.ts';
import type { PacketRow } from '../projections/packets-projection.ts';
import type {
  PacketCursor,
  PacketDetails,
  PacketPage,
  ReceivedShare,
} from '../projections/queries/packet-queries.ts';
import type { Page } from '../projections/queries/page.ts';
import type { RecordRow } from '../projections/records-projection.ts';
import type { WalletEntryRow } from '../projections/wallet-projection.ts';

/** The read models by the names that positions are known for. */
export type ReadModel =
  | 'accounts'
  | 'friends'
  | 'groups'
  | 'messages'
  | 'cursors'
  | 'wallet'
  | 'packets'
  | 'records';

export interface PageOptions<Cursor> {
  readonly after?: Cursor;
  readonly limit?: number;
}

/**
 * What the gateway asks of the read models: rows as they are, sealed parts still sealed. Where there is an
 * asker, the answer is `undefined` for one who may not see it. read-models.ts answers it from Postgres.
 */
export interface ReadSide {
  /** Resolves to true when these read models show everything up to `position`, to false after `timeoutMs`. */
  waitFor(models: readonly ReadModel[], position: Position, timeoutMs: number): Promise<boolean>;
  /** How far every read model is, from the database itself: asked when the bus is silent. */
  progress(): Promise<readonly ProjectionProgress[]>;

  /** In any order; nothing for ids that do not exist. */
  accounts(userIds: readonly UserId[]): Promise<readonly AccountRow[]>;
  friends(owner: UserId, page: PageOptions<UserId>): Promise<Page<FriendRow, UserId>>;
  friendRequests(
    user: UserId,
    direction: 'incoming' | 'outgoing',
    page: PageOptions<UserId>,
  ): Promise<Page<FriendRequestRow, UserId>>;
  blocks(owner: UserId, page: PageOptions<UserId>): Promise<Page<FriendBlockRow, UserId>>;

  /** Memberships of all these users, in any order; of one user at most `limits.gateway.groupsPerUserMax`. */
  groupsOfUsers(users: readonly UserId[]): Promise<readonly UserGroupRow[]>;
  groups(user: UserId, page: PageOptions<GroupId>): Promise<Page<GroupRow, GroupId>>;
  /** Those of these groups that the asker is in, in any order. */
  groupsByIds(asker: UserId, groupIds: readonly GroupId[]): Promise<readonly GroupRow[]>;
  group(asker: UserId, groupId: GroupId): Promise<GroupRow | undefined>;
  groupMembers(
    asker: UserId,
    groupId: GroupId,
    page: PageOptions<UserId>,
  ): Promise<Page<GroupMemberRow, UserId> | undefined>;

  /** Latest activity first. */
  inbox(user: UserId, page: PageOptions<InboxCursor>): Promise<Page<InboxRow, InboxCursor>>;
  /** Oldest first after a seq, newest first otherwise. */
  messages(
    asker: UserId,
    conversationId: ConversationId,
    range: MessageRange,
  ): Promise<Page<MessageRow, number> | undefined>;
  receipts(
    asker: UserId,
    conversationId: ConversationId,
    page: PageOptions<UserId>,
  ): Promise<Page<ReadCursorRow, UserId> | undefined>;

  /** `undefined` while there is no wallet. */
  balanceFen(user: UserId): Promise<number | undefined>;
  /** Newest first. */
  statement(
    user: UserId,
    page: { readonly before?: number; readonly limit?: number },
  ): Promise<Page<WalletEntryRow, number>>;
  packet(asker: UserId, packetId: PacketId): Promise<PacketDetails | undefined>;
  /** Newest first, as `receivedShares`. */
  sentPackets(sender: UserId, page: PacketPage): Promise<Page<PacketRow, PacketCursor>>;
  receivedShares(taker: UserId, page: PacketPage): Promise<Page<ReceivedShare, PacketCursor>>;
  yearlyRecord(user: UserId, year: number): Promise<RecordRow>;
}
