import { bytesToHex } from '@noble/hashes/utils.js';
import type { EventLog } from '../../src/commands/event-log.ts';
import { accountDecider } from '../../src/domain/account/account-decider.ts';
import { conversationDecider } from '../../src/domain/conversation/conversation-decider.ts';
import { friendshipDecider } from '../../src/domain/friendship/friendship-decider.ts';
import { groupDecider } from '../../src/domain/group/group-decider.ts';
import type {
  ClientMessageId,
  ConversationId,
  DeviceId,
  GroupId,
  PacketId,
  UserId,
} from '../../src/domain/ids.ts';
import { directConversationId, groupConversationId } from '../../src/domain/ids.ts';
import { commitmentOf } from '../../src/domain/packet/fairness.ts';
import { packetDecider } from '../../src/domain/packet/packet-decider.ts';
import { defaultPacketLimits } from '../../src/domain/packet/packet-limits.ts';
import type { PacketTerms } from '../../src/domain/packet/packet-terms.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import { receiptShardCount, streams } from '../../src/domain/streams.ts';
import { walletDecider } from '../../src/domain/wallet/wallet-decider.ts';
import { DecidedLog } from './decided-log.ts';
import { type Mix, type Topic, topics } from './mix.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

const seedNumber = 20_260_217;
/** The log's time from its first event to its last, which is now: what is kept for some days only is part of it. */
const spanMs = 30 * 24 * 60 * 60 * 1_000;

const friendsOfNewcomer = 3;
const newcomersPerGroup = 25;
const groupMembersMax = 40;
/** Sealed boxes of a chat message are between these, bytes. */
const messageBytes = { min: 60, max: 260 };
/** Conversations that one receipts event speaks of, at most. */
const receiptCursorsMax = 12;
const packetShares = { min: 2, max: 10 };
const fenPerShare = 100;
const firstDepositFen = 100_000_000;

interface Conversation {
  readonly id: ConversationId;
  readonly members: UserId[];
}

/**
 * The log of a small world that chats, acknowledges, gives red packets and makes friends, in the shares that a mix
 * says. Everything is decided by the domain's own rules, and but for its time is the same in every run.
 */
export class Workload {
  readonly #log: DecidedLog;
  readonly #mix: Mix;
  readonly #startMs: number;
  readonly #random: SeededRandom = seededRandom(seedNumber);
  readonly #written: Record<Topic, number> = { chat: 0, receipts: 0, packets: 0, friends: 0 };
  readonly #users: UserId[] = [];
  readonly #conversations: Conversation[] = [];
  #numbers = 0;

  /** `gatheredEventsMax`: so many events are gathered before they are written, each stream's together. */
  constructor(log: Pick<EventLog, 'append'>, mix: Mix, gatheredEventsMax = 20_000) {
    this.#startMs = Date.now() - spanMs;
    this.#log = new DecidedLog(log, this.#startMs, gatheredEventsMax);
    this.#mix = mix;
  }

  /** Writes at least `events` events (the last step may make a few more). Answers how many of each topic. */
  async write(
    events: number,
    onProgress: (written: number) => void,
  ): Promise<Readonly<Record<Topic, number>>> {
    for (let user = 0; user < newcomersPerGroup; user++) this.#count('friends', () => this.#newcomer());
    while (this.#log.events < events) {
      this.#log.nowMs = Math.round(this.#startMs + (spanMs * this.#log.events) / events);
      const topic = this.#mostBehind();
      this.#count(topic, () => this.#step(topic));
      if (this.#log.isFull) {
        await this.#log.flush();
        onProgress(this.#log.events);
      }
    }
    await this.#log.flush();
    return this.#written;
  }

  #mostBehind(): Topic {
    const behind = (topic: Topic): number => this.#mix[topic] * this.#log.events - 100 * this.#written[topic];
    return topics.reduce((most, topic) => (behind(topic) > behind(most) ? topic : most));
  }

  #count(topic: Topic, work: () => void): void {
    const before = this.#log.events;
    work();
    this.#written[topic] += this.#log.events - before;
  }

  #step(topic: Topic): void {
    switch (topic) {
      case 'chat':
        this.#say();
        break;
      case 'receipts':
        this.#acknowledge();
        break;
      case 'packets':
        this.#givePacket();
        break;
      case 'friends':
        this.#newcomer();
        break;
    }
  }

  #newcomer(): void {
    const userId = this.#uuid() as UserId;
    const profile = { username: this.#sealed(userId, 24), nickname: this.#sealed(userId, 24) };
    this.#log.decide(
      streams.account(userId),
      accountDecider,
      { type: 'RegisterAccount', userId, ...profile },
      userId,
    );
    const wallet = streams.wallet(userId);
    this.#log.decide(wallet, walletDecider, { type: 'OpenWallet', userId }, userId);
    this.#log.decide(
      wallet,
      walletDecider,
      { type: 'Deposit', userId, amountFen: firstDepositFen, providerRef: `first-${userId}` },
      userId,
    );
    const others = new Set(
      this.#users.length === 0
        ? []
        : Array.from({ length: friendsOfNewcomer }, () => this.#random.of(this.#users)),
    );
    this.#users.push(userId);
    for (const other of others) this.#befriend(userId, other);
    if (this.#users.length % newcomersPerGroup === 0) this.#makeGroup();
  }

  #befriend(one: UserId, other: UserId): void {
    const stream = streams.friendship(one, other);
    const note = this.#sealed(one, 40);
    this.#log.decide(stream, friendshipDecider, { type: 'RequestFriend', by: one, other, note }, one);
    this.#log.decide(stream, friendshipDecider, { type: 'AcceptFriend', by: other, other: one }, other);
    const id = directConversationId(one, other);
    this.#conversations.push({ id, members: [one, other] });
    const notice = { kind: 'friends-now', by: other } as const;
    this.#log.decide(
      streams.conversation(id),
      conversationDecider,
      { type: 'PostNotice', conversationId: id, notice },
      other,
    );
  }

  #makeGroup(): void {
    const groupId = this.#uuid() as GroupId;
    const members = [...new Set(Array.from({ length: groupMembersMax }, () => this.#random.of(this.#users)))];
    const [by, ...memberIds] = members;
    if (by === undefined) return;
    const name = this.#sealed(groupId, 24);
    this.#log.decide(
      streams.group(groupId),
      groupDecider,
      { type: 'CreateGroup', groupId, by, name, memberIds },
      by,
    );
    const id = groupConversationId(groupId);
    this.#conversations.push({ id, members });
    const notice = { kind: 'group-created', by, memberIds } as const;
    this.#log.decide(
      streams.conversation(id),
      conversationDecider,
      { type: 'PostNotice', conversationId: id, notice },
      by,
    );
  }

  #say(): void {
    const { id, members } = this.#random.of(this.#conversations);
    const by = this.#random.of(members);
    const stream = streams.conversation(id);
    const bytes = messageBytes.min + this.#random.below(messageBytes.max - messageBytes.min);
    const sent = this.#log.decide(
      stream,
      conversationDecider,
      {
        type: 'SendMessage',
        conversationId: id,
        by,
        clientMsgId: this.#uuid() as ClientMessageId,
        kind: 'text',
        body: this.#sealed(by, bytes),
        packetId: null,
      },
      by,
    );
    if (sent.length === 0 || this.#random.below(100) > 0) return;
    const seq = this.#log.headSeq(stream);
    this.#log.decide(stream, conversationDecider, { type: 'RecallMessage', conversationId: id, by, seq }, by);
  }

  #acknowledge(): void {
    const cursors = Array.from({ length: 1 + this.#random.below(receiptCursorsMax) }, () => {
      const { id, members } = this.#random.of(this.#conversations);
      const userId = this.#random.of(members);
      const delivered = this.#log.headSeq(streams.conversation(id));
      const read = Math.max(0, delivered - this.#random.below(3));
      return { userId, deviceId: userId as string as DeviceId, conversationId: id, delivered, read };
    });
    const stream = streams.receipts(this.#random.below(receiptShardCount));
    this.#log.add(stream, [{ type: 'ReceiptsAdvanced', data: { cursors } }], 'system:receipts');
  }

  #givePacket(): void {
    const { id: conversationId, members } = this.#random.of(this.#conversations);
    const senderId = this.#random.of(members);
    const packetId = this.#uuid() as PacketId;
    const count = packetShares.min + this.#random.below(packetShares.max - packetShares.min);
    const seed = Buffer.from(this.#random.base64(32), 'base64');
    const totalFen = count * fenPerShare;
    const terms: PacketTerms = {
      packetId,
      senderId,
      conversationId,
      kind: 'lucky',
      totalFen,
      count,
      expiresAtSecond: Math.floor(this.#log.nowMs / 1_000) + 24 * 60 * 60,
      receivers: [],
      greeting: this.#sealed(senderId, 40),
      cover: 'classic',
      phrase: null,
      fairness: {
        algorithmVersion: 1,
        masterKeyVersion: 1,
        nonce: bytesToHex(seed.subarray(0, 16)),
        commitment: commitmentOf(seed, packetId, totalFen, count, 1),
      },
    };
    const clientMsgId = this.#uuid() as ClientMessageId;
    const limits = defaultPacketLimits;
    const fund = { type: 'FundPacket', userId: senderId, terms, clientMsgId, limits } as const;
    if (this.#log.decide(streams.wallet(senderId), walletDecider, fund, senderId).length === 0) return;
    const stream = streams.packet(packetId);
    this.#log.decide(stream, packetDecider, { type: 'OpenPacket', terms }, senderId);
    this.#log.decide(
      streams.conversation(conversationId),
      conversationDecider,
      {
        type: 'SendMessage',
        conversationId,
        by: senderId,
        clientMsgId,
        kind: 'packet',
        body: this.#sealed(senderId, 60),
        packetId,
      },
      senderId,
    );
    for (const by of members.slice(0, count + 1)) this.#grab(packetId, by, seed);
  }

  #grab(packetId: PacketId, by: UserId, seed: Uint8Array): void {
    const events = this.#log.decide(
      streams.packet(packetId),
      packetDecider,
      { type: 'GrabPacket', by, seed },
      by,
    );
    for (const event of events) {
      if (event.type !== 'PacketGrabbed') continue;
      const { userId, ...share } = event.data;
      const credit = { type: 'CreditGrab', userId, ...share } as const;
      this.#log.decide(streams.wallet(userId), walletDecider, credit, 'system:settle');
    }
  }

  #sealed(subject: string, bytes: number): Sealed {
    return { subject, key: 1, box: this.#random.base64(bytes) };
  }

  #uuid(): string {
    this.#numbers += 1;
    const time = this.#log.nowMs.toString(16).padStart(12, '0');
    const digits = this.#random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0');
    const number = this.#numbers.toString(16).padStart(8, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${digits.slice(0, 3)}-8${digits.slice(3, 6)}-${number}${digits.slice(4, 8)}`;
  }
}
