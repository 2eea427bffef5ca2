import type { DevAccounts, Me, Messages, Page, PaymentPinStatus } from '../protocol/http.ts';
import type { GroupMemberView, GroupView } from '../protocol/views/group-views.ts';
import type { InboxEntryView, ReceiptView } from '../protocol/views/message-views.ts';
import type {
  PacketProofView,
  PacketView,
  ReceivedShareView,
  SentPacketView,
  WalletEntryView,
  WalletView,
  YearlyRecordView,
} from '../protocol/views/money-views.ts';
import type { BlockView, FriendRequestView, FriendView, UserView } from '../protocol/views/user-views.ts';
import type { ClientQueries, PageOptions, ReadOptions } from './api.ts';
import type { HttpApi } from './http-api.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** Every read over HTTP, with the session's token. */
export function clientQueries(http: HttpApi, session: SessionKeeper): ClientQueries {
  const get = <Answer>(path: string, query: Readonly<Record<string, string | number | undefined>>) =>
    session.authorized((accessToken) => http<Answer>({ method: 'GET', path, query, accessToken }));

  const users = async (query: Record<string, string>, options?: ReadOptions) =>
    (await get<{ items: UserView[] }>('/api/users', { ...query, ...read(options) })).items;

  return {
    me: (options) => get<Me>('/api/me', read(options)),
    userByName: async (username, options) => (await users({ username }, options))[0] ?? null,
    users: async (ids, options) => (ids.length === 0 ? [] : users({ ids: ids.join(',') }, options)),
    friends: (options) => get<Page<FriendView>>('/api/friends', page(options)),
    friendRequests: (options) =>
      get<Page<FriendRequestView>>('/api/friend-requests', {
        ...page(options),
        direction: options?.direction,
      }),
    blocks: (options) => get<Page<BlockView>>('/api/blocks', page(options)),
    groups: (options) => get<Page<GroupView>>('/api/groups', page(options)),
    group: (groupId, options) => get<GroupView>(`/api/groups/${groupId}`, read(options)),
    groupMembers: (groupId, options) =>
      get<Page<GroupMemberView>>(`/api/groups/${groupId}/members`, page(options)),
    inbox: (options) => get<Page<InboxEntryView>>('/api/inbox', page(options)),
    messages: (conversationId, options) =>
      get<Messages>(`/api/conversations/${conversationId}/messages`, {
        ...read(options),
        after: options?.after,
        before: options?.before,
        limit: options?.limit,
      }),
    receipts: (conversationId, options) =>
      get<Page<ReceiptView>>(`/api/conversations/${conversationId}/receipts`, page(options)),
    paymentPin: () => get<PaymentPinStatus>('/api/payment-pin', {}),
    wallet: (options) => get<WalletView>('/api/wallet', read(options)),
    statement: (options) => get<Page<WalletEntryView>>('/api/wallet/statement', page(options)),
    packet: (packetId, options) => get<PacketView>(`/api/packets/${packetId}`, read(options)),
    sentPackets: (options) => get<Page<SentPacketView>>('/api/packets/sent', page(options)),
    receivedShares: (options) => get<Page<ReceivedShareView>>('/api/packets/received', page(options)),
    yearlyRecord: (year, options) => get<YearlyRecordView>(`/api/packets/records/${year}`, read(options)),
    packetProof: (packetId, options) => get<PacketProofView>(`/api/packets/${packetId}/proof`, read(options)),
    devAccounts: () => http<DevAccounts>({ method: 'GET', path: '/api/dev/accounts' }),
  };
}

function read(options: ReadOptions | undefined) {
  return { after_position: options?.afterPosition };
}

function page(options: PageOptions | undefined) {
  return { ...read(options), after: options?.after, limit: options?.limit };
}
