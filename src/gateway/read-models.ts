import type pg from 'pg';
import { liveProgress } from '../projections/live-progress.ts';
import type { ProjectionPositions } from '../projections/projection-positions.ts';
import { accountsByIds } from '../projections/queries/account-queries.ts';
import { blocksPage, friendRequestsPage, friendsPage } from '../projections/queries/friend-queries.ts';
import {
  groupForMember,
  groupMembersPage,
  groupsForMember,
  groupsOfUserPage,
} from '../projections/queries/group-queries.ts';
import { inboxPage } from '../projections/queries/inbox-queries.ts';
import { groupsOfUsers } from '../projections/queries/membership-queries.ts';
import { messagesPage } from '../projections/queries/message-queries.ts';
import {
  packetForUser,
  receivedSharesPage,
  sentPacketsPage,
  yearlyRecord,
} from '../projections/queries/packet-queries.ts';
import { receiptsPage } from '../projections/queries/receipt-queries.ts';
import { walletBalance, walletStatementPage } from '../projections/queries/wallet-queries.ts';
import type { ReadSide } from './read-side.ts';

/** The read side over the read models' queries, and what the bus tells of their positions. */
export function readModels(pool: pg.Pool, positions: Pick<ProjectionPositions, 'waitFor'>): ReadSide {
  return {
    waitFor: (models, position, timeoutMs) => positions.waitFor(models, position, timeoutMs),

    progress: () => liveProgress(pool),

    accounts: (userIds) => accountsByIds(pool, userIds),
    friends: (owner, page) => friendsPage(pool, owner, page),
    friendRequests: (user, direction, page) => friendRequestsPage(pool, user, direction, page),
    blocks: (owner, page) => blocksPage(pool, owner, page),
    groupsOfUsers: (users) => groupsOfUsers(pool, users),
    groups: (user, page) => groupsOfUserPage(pool, user, page),
    groupsByIds: (asker, groupIds) => groupsForMember(pool, asker, groupIds),
    group: (asker, groupId) => groupForMember(pool, asker, groupId),
    groupMembers: (asker, groupId, page) => groupMembersPage(pool, asker, groupId, page),
    inbox: (user, page) => inboxPage(pool, user, page),
    messages: (asker, conversationId, range) => messagesPage(pool, asker, conversationId, range),
    receipts: (asker, conversationId, page) => receiptsPage(pool, asker, conversationId, page),
    balanceFen: (user) => walletBalance(pool, user),
    statement: (user, page) => walletStatementPage(pool, user, page),
    packet: (asker, packetId) => packetForUser(pool, asker, packetId),
    sentPackets: (sender, page) => sentPacketsPage(pool, sender, page),
    receivedShares: (taker, page) => receivedSharesPage(pool, taker, page),
    yearlyRecord: (user, year) => yearlyRecord(pool, user, year),
  };
}
