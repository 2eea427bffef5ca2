import type { ConversationId, GroupId, PacketId, UserId } from './ids.ts';
import { pairKey } from './ids.ts';

/** How many streams the receipts are spread over. Fixed for the life of a log. */
export const receiptShardCount = 16;

/** Of the streams that say which events projections leave out. */
export const projectionPrefix = 'projection-';

/** Stream names. What stands before the first hyphen is the stream's category. */
export const streams = {
  username: (keyedHash: string) => `username-${keyedHash}`,
  account: (userId: UserId) => `account-${userId}`,
  friendship: (one: UserId, other: UserId) => `friendship-${pairKey(one, other)}`,
  group: (groupId: GroupId) => `group-${groupId}`,
  conversation: (conversationId: ConversationId) => `conversation-${conversationId}`,
  receipts: (shard: number) => `receipts-${shard}`,
  wallet: (userId: UserId) => `wallet-${userId}`,
  packet: (packetId: PacketId) => `packet-${packetId}`,
  logEpoch: 'log-epoch',
  projection: (name: string) => `${projectionPrefix}${name}`,
} as const;

const conversationPrefix = 'conversation-';

/** Whose stream it is, going by its name; `undefined` when it is no conversation's. The id itself is not checked. */
export function conversationIdOf(stream: string): string | undefined {
  return stream.startsWith(conversationPrefix) ? stream.slice(conversationPrefix.length) : undefined;
}
