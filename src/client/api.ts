/**
 * What the SDK offers: `createClient` (client.ts) returns a `Client`. Types only.
 */
import type { ErrorCode } from '../domain/error-codes.ts';
import type { ConversationId, DeviceId, GroupId, PacketId, UserId } from '../domain/ids.ts';
import type {
  DevAccounts,
  LoginBody,
  Me,
  Messages,
  Page,
  PaymentPinStatus,
  PaymentToken,
  RegisterBody,
  Tokens,
} from '../protocol/http.ts';
import type { PushData } from '../protocol/pushes.ts';
import type { Answers, Takes, WireRequestType } from '../protocol/requests.ts';
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
import type { Runtime } from '../runtime/runtime.ts';

export interface ClientOptions {
  /** The server's origin, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Clocks, timers, randomness and ids. Default: the browser's and Node's own (browser-runtime.ts). */
  readonly runtime?: Runtime;
  /** Where session and cursors outlive the process. Default: nowhere. */
  readonly storage?: ClientStorage;
  /** Shown in the user's list of devices. Default: `sdk`. */
  readonly deviceName?: string;
  /** For tests and simulations. Default: the global ones. */
  readonly fetch?: typeof fetch;
  readonly webSocket?: new (url: string) => WebSocket;
}

/** A small synchronous store of text; `window.localStorage` is one. */
export interface ClientStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Who is logged in, and the tokens that prove it. */
export interface ClientSession {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly tokens: Tokens;
}

/**
 * What a client tells its listeners: the server's pushes and what follows. `message` comes exactly once per
 * conversation and seq, in order, without a hole from the first one that this client has seen on. Of everything
 * else a client hears only while it is connected; for what it has missed there is `resync`.
 */
export interface ClientEvents extends Omit<PushData, 'goingAway'> {
  /**
   * Updates were left out. With a conversation: some of its items (the client fetches those by itself). Without
   * one (`null`): anything may have changed, so read again what is shown: friends, groups, inbox, receipts,
   * wallet, packets. That comes after every reconnect, right after `connected`, and whenever the server says so;
   * not after the first connect of a session, before which there was nothing to miss.
   */
  resync: PushData['resync'];
  /** The hello was answered; updates flow. */
  connected: { user: UserView; serverTimeMs: number };
  /**
   * The connection is gone. `retryInMs` is `null` when the client will not try again: after `disconnect`, with the
   * session's end (`sessionEnded` follows), or because the server does not take this client (close codes 1009, 4400
   * and 4426). The session then stays; `connect` tries once more.
   */
  disconnected: { code: number; reason: string; retryInMs: number | null };
  /** The session cannot be continued: log in again. */
  sessionEnded: { reason: string };
}
export type ClientEventType = keyof ClientEvents;

export interface RequestOptions {
  /** The command's own id; the same one is never carried out twice. Default: a fresh one. */
  readonly commandId?: string;
  /** Give up (with `unknown-outcome` when it was sent) after this. Default: limits.client.requestMs. */
  readonly timeoutMs?: number;
}

/** An accepted command's answer, and the log's position from which on reads show it. */
export interface Accepted<Type extends WireRequestType> {
  readonly data: Answers<Type>;
  readonly position: string;
}

export interface ReadOptions {
  /** Wait (bounded) until the read shows everything up to this position of the log. */
  readonly afterPosition?: string;
}
export interface PageOptions extends ReadOptions {
  readonly after?: string;
  readonly limit?: number;
}

/** Every HTTP read. Each rejects with `ClientError`. */
export interface ClientQueries {
  me(options?: ReadOptions): Promise<Me>;
  /** The account with exactly this user name, or `null`. */
  userByName(username: string, options?: ReadOptions): Promise<UserView | null>;
  users(ids: readonly UserId[], options?: ReadOptions): Promise<readonly UserView[]>;
  friends(options?: PageOptions): Promise<Page<FriendView>>;
  /** Those that wait for this user's answer; with `outgoing`, those that this user waits for. */
  friendRequests(
    options?: PageOptions & { direction?: 'incoming' | 'outgoing' },
  ): Promise<Page<FriendRequestView>>;
  blocks(options?: PageOptions): Promise<Page<BlockView>>;
  groups(options?: PageOptions): Promise<Page<GroupView>>;
  group(groupId: GroupId, options?: ReadOptions): Promise<GroupView>;
  groupMembers(groupId: GroupId, options?: PageOptions): Promise<Page<GroupMemberView>>;
  inbox(options?: PageOptions): Promise<Page<InboxEntryView>>;
  /** Items in ascending seq: after a seq, before a seq (the newest of them), or the newest of all. */
  messages(
    conversationId: ConversationId,
    options?: ReadOptions & { after?: number; before?: number; limit?: number },
  ): Promise<Messages>;
  receipts(conversationId: ConversationId, options?: PageOptions): Promise<Page<ReceiptView>>;
  paymentPin(): Promise<PaymentPinStatus>;
  wallet(options?: ReadOptions): Promise<WalletView>;
  statement(options?: PageOptions): Promise<Page<WalletEntryView>>;
  packet(packetId: PacketId, options?: ReadOptions): Promise<PacketView>;
  /** Newest first, as `receivedShares`. */
  sentPackets(options?: PageOptions): Promise<Page<SentPacketView>>;
  receivedShares(options?: PageOptions): Promise<Page<ReceivedShareView>>;
  /** What this user has sent and received in a year, by the calendar of China. */
  yearlyRecord(year: number, options?: ReadOptions): Promise<YearlyRecordView>;
  /** Rejects with `packet-open` before the packet has ended. */
  packetProof(packetId: PacketId, options?: ReadOptions): Promise<PacketProofView>;
  /** Development only: accounts that are there for trying things out. */
  devAccounts(): Promise<DevAccounts>;
}

export interface Client extends ClientQueries {
  readonly state: 'idle' | 'connecting' | 'connected' | 'waiting' | 'ended';
  /** `undefined` before a login. */
  readonly session: ClientSession | undefined;

  register(account: Omit<RegisterBody, 'deviceName'>): Promise<ClientSession>;
  logIn(account: Omit<LoginBody, 'deviceName'>): Promise<ClientSession>;
  /** Continues a session: the given one, or (with none) the one in the storage. False when there is none. */
  resume(session?: ClientSession): boolean;
  /** Ends the session on this device, here and on the server. */
  logOut(): Promise<void>;
  changePassword(oldPassword: string, newPassword: string): Promise<void>;
  /** Sets a payment PIN of 6 digits, or another one in place of one that was forgotten or locked. */
  setPaymentPin(pin: string, password: string): Promise<void>;
  changePaymentPin(oldPin: string, newPin: string): Promise<void>;
  /** Gives the `paymentToken` of `sendPacket` and `withdraw`, good on this device for minutes. */
  verifyPaymentPin(pin: string): Promise<PaymentToken>;

  /**
   * Opens the connection and keeps it open: reconnects by itself until `disconnect` or the session's end.
   * Resolves at the first hello that is answered; rejects when the session has ended or the client is not taken.
   */
  connect(): Promise<void>;
  disconnect(): void;

  /**
   * Carries out one command, exactly once: after a broken connection, `busy` or an unknown outcome it is sent
   * again under the same command id until there is an answer or `timeoutMs` is over. Rejects with `ClientError`;
   * with `too-large`, without sending it, when it is larger than a message may be.
   */
  request<Type extends WireRequestType>(
    type: Type,
    data: Takes<Type>,
    options?: RequestOptions,
  ): Promise<Accepted<Type>>;

  /** Says that the user has read up to `seq`. Coalesced and, after a broken connection, sent again. */
  markRead(conversationId: ConversationId, seq: number): void;

  /** Calls `listener` for each such event until the returned function is called. */
  on<Type extends ClientEventType>(type: Type, listener: (event: ClientEvents[Type]) => void): () => void;
  /** The first such event from now on that `accept` takes (default: any). Rejects after `timeoutMs`. */
  next<Type extends ClientEventType>(
    type: Type,
    accept?: (event: ClientEvents[Type]) => boolean,
    timeoutMs?: number,
  ): Promise<ClientEvents[Type]>;
}

/** A failure of a request. `code` is from the server's registry, or one of the client's own. */
export type ClientErrorCode =
  | ErrorCode
  /** The server could not be reached. */
  | 'network'
  /** The client was disconnected, or its session ended, before there was an answer. */
  | 'closed';
