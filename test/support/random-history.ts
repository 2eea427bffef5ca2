import fc from 'fast-check';
import type { EventLog } from '../../src/commands/event-log.ts';
import { defaultPacketLimits } from '../../src/domain/packet/packet-limits.ts';
import { accountDecider } from '../../src/domain/account/account-decider.ts';
import { conversationDecider } from '../../src/domain/conversation/conversation-decider.ts';
import type { Notice } from '../../src/domain/conversation/conversation-events.ts';
import type { Decider } from '../../src/domain/decider.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { canConverse, friendshipDecider } from '../../src/domain/friendship/friendship-decider.ts';
import { canSend, groupDecider } from '../../src/domain/group/group-decider.ts';
import type { ConversationId, UserId } from '../../src/domain/ids.ts';
import { directConversationId, groupConversationId, parseConversationId } from '../../src/domain/ids.ts';
import { packetDecider } from '../../src/domain/packet/packet-decider.ts';
import { receiptShardCount, streams } from '../../src/domain/streams.ts';
import { walletDecider } from '../../src/domain/wallet/wallet-decider.ts';
import {
  clientMsgId,
  deviceId,
  groupId,
  packetId,
  packetTerms,
  sealed,
  seed,
  userId,
} from './domain-fixtures.ts';
import { startMs } from './given-when-then.ts';

/** One thing that somebody tries to do: what, who, with whom, and a number to vary it. */
export interface HistoryStep {
  readonly what: number;
  readonly one: number;
  readonly other: number;
  readonly number: number;
}

const userCount = 5;
const groupCount = 2;

/** Lists of steps; a history is what the deciders make of them. */
export const historySteps = (maxLength: number): fc.Arbitrary<HistoryStep[]> =>
  fc.array(
    fc.record({
      what: fc.nat(1_000),
      one: fc.nat(userCount - 1),
      other: fc.nat(userCount - 1),
      number: fc.nat(1_000),
    }),
    { maxLength, minLength: Math.floor(maxLength / 2) },
  );

/** Steps that are the same in every run, for tests that need a history and not all of them. */
export function fixedSteps(count: number, seedNumber = 42): HistoryStep[] {
  let state = seedNumber;
  // The generator of Numerical Recipes; its high bits are good enough here.
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () => ({
    what: next(1_001),
    one: next(userCount),
    other: next(userCount),
    number: next(1_001),
  }));
}

/**
 * Turns steps into a log: each is offered to the aggregate's decider, and what that accepts is appended, with the
 * consequences that the process managers would add. So every history is one that could have happened.
 */
export class HistoryWriter {
  readonly #log: EventLog;
  readonly #states = new Map<string, { state: unknown; revision: number }>();
  #nowMs = startMs;
  #eventNo = 0;
  #packets = 0;
  readonly #withPreconditions: boolean;

  /**
   * With preconditions, nothing is done in a conversation by one who takes no part in it, and nothing is
   * acknowledged that is not there: what the write side asks of other streams.
   */
  constructor(log: EventLog, { withPreconditions = false } = {}) {
    this.#log = log;
    this.#withPreconditions = withPreconditions;
  }

  async play(steps: readonly HistoryStep[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step({ what, one, other, number }: HistoryStep): Promise<void> {
    this.#nowMs += number;
    const a = userId(one);
    const b = userId(other);
    const group = groupId(number % groupCount);
    const direct = directConversationId(a, b);
    const chat = groupConversationId(group);
    const place: ConversationId = number % 3 === 0 && a !== b ? direct : chat;
    const wallet = streams.wallet(a);
    const ops: (() => Promise<unknown>)[] = [
      () =>
        this.account(a, {
          type: 'RegisterAccount',
          userId: a,
          username: sealed('u', a),
          nickname: sealed('n', a),
        }),
      () => this.account(a, { type: 'ChangeProfile', nickname: sealed(`n${number}`, a) }),
      () => this.account(a, { type: number % 2 ? 'FreezeAccount' : 'UnfreezeAccount', reason: 'r' }),
      () =>
        this.friends(a, b, {
          type: 'RequestFriend',
          by: a,
          other: b,
          note: number % 2 ? sealed('hi', a) : null,
        }),
      () => this.friends(a, b, { type: 'AcceptFriend', by: a, other: b }),
      () => this.friends(a, b, { type: 'DeclineFriend', by: a, other: b }),
      () => this.friends(a, b, { type: 'RemoveFriend', by: a, other: b }),
      () => this.friends(a, b, { type: number % 2 ? 'BlockUser' : 'UnblockUser', by: a, other: b }),
      () =>
        this.friends(a, b, {
          type: 'SetRemark',
          by: a,
          other: b,
          remark: number % 3 ? sealed(`r${number}`, a) : null,
        }),
      () =>
        this.group(group, {
          type: 'CreateGroup',
          groupId: group,
          by: a,
          name: sealed('g', group),
          memberIds: [b],
        }),
      () => this.group(group, { type: 'InviteMembers', by: a, userIds: [b] }),
      () => this.group(group, { type: 'LeaveGroup', by: a }),
      () => this.group(group, { type: 'RemoveMember', by: a, userId: b }),
      () =>
        this.group(group, { type: 'ChangeRole', by: a, userId: b, role: number % 2 ? 'admin' : 'member' }),
      () => this.group(group, { type: 'TransferOwnership', by: a, to: b }),
      () =>
        this.group(group, {
          type: 'MuteMember',
          by: a,
          userId: b,
          untilMs: number % 2 ? this.#nowMs + 60_000 : null,
        }),
      () => this.group(group, { type: 'RenameGroup', by: a, name: sealed(`g${number}`, group) }),
      () =>
        this.group(group, {
          type: 'SetAnnouncement',
          by: a,
          text: number % 3 ? sealed(`t${number}`, group) : null,
        }),
      () =>
        this.group(group, {
          type: 'ChangeJoinPolicy',
          by: a,
          policy: number % 2 ? 'admins-invite' : 'members-invite',
        }),
      ...(number < 30 ? [() => this.group(group, { type: 'DissolveGroup', by: a })] : []),
      ...Array.from({ length: 6 }, () => () => this.message(place, a, number)),
      () => this.recall(place, a, 1 + (number % 12)),
      ...Array.from({ length: 3 }, () => () => this.receipt(a, place, number)),
      () => this.decide(wallet, walletDecider, { type: 'OpenWallet', userId: a }),
      () =>
        this.decide(wallet, walletDecider, {
          type: 'Deposit',
          userId: a,
          amountFen: 1 + number * 10,
          providerRef: `ref-${this.#eventNo}`,
        }),
      () =>
        this.decide(wallet, walletDecider, {
          type: 'Withdraw',
          userId: a,
          amountFen: 1 + number,
          providerRef: `ref-${this.#eventNo}`,
        }),
      ...Array.from({ length: 3 }, () => () => this.sendPacket(a, chat, number)),
      ...Array.from({ length: 5 }, () => () => this.grab(a, number)),
      () => this.endPacket(number),
    ];
    await ops[what % ops.length]?.();
  }

  account(user: UserId, command: Parameters<typeof accountDecider.decide>[0]) {
    return this.decide(streams.account(user), accountDecider, command);
  }

  async friends(
    a: UserId,
    b: UserId,
    command: Parameters<typeof friendshipDecider.decide>[0],
  ): Promise<void> {
    const events = await this.decide(streams.friendship(a, b), friendshipDecider, command);
    for (const event of events) {
      if (event.type === 'FriendAccepted')
        await this.notice(directConversationId(a, b), { kind: 'friends-now', by: a });
    }
  }

  async group(
    id: ReturnType<typeof groupId>,
    command: Parameters<typeof groupDecider.decide>[0],
  ): Promise<void> {
    const events = await this.decide(streams.group(id), groupDecider, command);
    const chat = groupConversationId(id);
    for (const event of events) {
      if (event.type === 'GroupCreated') {
        const { ownerId, memberIds } = event.data;
        await this.notice(chat, { kind: 'group-created', by: ownerId, memberIds });
      } else if (event.type === 'MemberJoined') {
        await this.notice(chat, { kind: 'member-joined', ...event.data });
      }
    }
  }

  async message(conversationId: ConversationId, by: UserId, number: number): Promise<void> {
    if (!this.#maySend(conversationId, by)) return;
    await this.decide(streams.conversation(conversationId), conversationDecider, {
      type: 'SendMessage',
      conversationId,
      by,
      clientMsgId: clientMsgId(number % 50),
      kind: 'text',
      body: sealed(`message ${number}`, by),
      packetId: null,
    });
  }

  async recall(conversationId: ConversationId, by: UserId, seq: number): Promise<void> {
    if (!this.#takesPart(conversationId, by)) return;
    await this.decide(streams.conversation(conversationId), conversationDecider, {
      type: 'RecallMessage',
      conversationId,
      by,
      seq,
    });
  }

  notice(conversationId: ConversationId, notice: Notice) {
    const command = { type: 'PostNotice', conversationId, notice } as const;
    return this.decide(streams.conversation(conversationId), conversationDecider, command);
  }

  async receipt(user: UserId, conversationId: ConversationId, number: number): Promise<void> {
    if (!this.#takesPart(conversationId, user)) return;
    const head = this.#states.get(streams.conversation(conversationId))?.revision ?? -1;
    const delivered = this.#withPreconditions ? Math.min(number % 9, head + 1) : number % 9;
    const read = Math.min(delivered, number % 5);
    const device = deviceId(number % 2);
    await this.append(streams.receipts(number % receiptShardCount), [
      {
        type: 'ReceiptsAdvanced',
        data: { cursors: [{ userId: user, deviceId: device, conversationId, delivered, read }] },
      },
    ]);
  }

  /** Puts money into a wallet. */
  deposit(user: UserId, amountFen: number) {
    return this.decide(streams.wallet(user), walletDecider, {
      type: 'Deposit',
      userId: user,
      amountFen,
      providerRef: `ref-${this.#eventNo}`,
    });
  }

  async sendPacket(sender: UserId, conversationId: ConversationId, number: number): Promise<void> {
    if (!this.#maySend(conversationId, sender)) return;
    const id = packetId(this.#packets + 1);
    const terms = packetTerms({
      packetId: id,
      senderId: sender,
      conversationId,
      totalFen: 10 + number,
      count: 1 + (number % 4),
      expiresAtSecond: Math.floor(this.#nowMs / 1_000) + 10 + (number % 20),
    });
    const command = {
      type: 'FundPacket',
      userId: sender,
      terms,
      clientMsgId: clientMsgId(10_000 + this.#packets),
      limits: defaultPacketLimits,
    } as const;
    const funded = await this.decide(streams.wallet(sender), walletDecider, command);
    if (funded.length === 0) return;
    this.#packets += 1;
    await this.decide(streams.packet(id), packetDecider, { type: 'OpenPacket', terms });
    await this.decide(streams.conversation(conversationId), conversationDecider, {
      type: 'SendMessage',
      conversationId,
      by: sender,
      clientMsgId: command.clientMsgId,
      kind: 'packet',
      body: sealed('packet', sender),
      packetId: id,
    });
  }

  async grab(by: UserId, number: number): Promise<void> {
    if (this.#packets === 0) return;
    const id = packetId(1 + (number % this.#packets));
    const events = await this.decide(streams.packet(id), packetDecider, { type: 'GrabPacket', by, seed });
    for (const event of events) {
      if (event.type !== 'PacketGrabbed') continue;
      const { userId: user, ...grab } = event.data;
      await this.decide(streams.wallet(user), walletDecider, { type: 'CreditGrab', userId: user, ...grab });
    }
    // Whoever has a share already says thank you, once.
    if (events.length > 0) return;
    const note = sealed('thank you', by);
    await this.decide(streams.packet(id), packetDecider, { type: 'ThankForPacket', by, note });
  }

  async endPacket(number: number): Promise<void> {
    if (this.#packets === 0) return;
    const id = packetId(1 + (number % this.#packets));
    this.#nowMs += number % 3 === 0 ? 30_000 : 0;
    const command =
      number % 5 === 0
        ? ({ type: 'CancelPacket', reason: 'sender-removed', seed } as const)
        : ({ type: 'RefundPacket', seed } as const);
    const events = await this.decide(streams.packet(id), packetDecider, command);
    for (const event of events) {
      if (event.type !== 'PacketRefunded' && event.type !== 'PacketCancelled') continue;
      const { senderId, amountFen, expiresAtSecond } = event.data;
      await this.decide(streams.wallet(senderId), walletDecider, {
        type: 'CreditRefund',
        userId: senderId,
        packetId: id,
        amountFen,
        expiresAtSecond,
      });
    }
  }

  /** Offers a command to a stream's aggregate; answers the events that were appended. */
  async decide<State, Command, Event extends DomainEvent>(
    stream: string,
    decider: Decider<State, Command, Event>,
    command: Command,
  ): Promise<readonly Event[]> {
    const known = this.#states.get(stream) ?? { state: decider.initialState, revision: -1 };
    const context = { nowMs: this.#nowMs, nextRevision: known.revision + 1 };
    const decision = decider.decide(command, known.state as State, context);
    if (decision.kind === 'rejected' || decision.events.length === 0) return [];
    let state = known.state as State;
    let revision = known.revision;
    for (const event of decision.events) {
      revision += 1;
      state = decider.evolve(state, event, { revision, timeMs: this.#nowMs });
    }
    this.#states.set(stream, { state, revision });
    await this.append(stream, decision.events);
    return decision.events;
  }

  #maySend(conversationId: ConversationId, by: UserId): boolean {
    if (!this.#withPreconditions) return true;
    if (!this.#takesPart(conversationId, by)) return false;
    const parties = parseConversationId(conversationId);
    if (parties?.kind === 'direct') {
      const friendship = this.#stateOf(streams.friendship(...parties.users), friendshipDecider);
      return canConverse(friendship, by) === undefined;
    }
    if (parties === undefined) return false;
    const group = this.#stateOf(streams.group(parties.groupId), groupDecider);
    return canSend(group, by, this.#nowMs) === undefined;
  }

  #takesPart(conversationId: ConversationId, by: UserId): boolean {
    if (!this.#withPreconditions) return true;
    const parties = parseConversationId(conversationId);
    if (parties?.kind === 'direct') return parties.users.includes(by);
    return (
      parties !== undefined && this.#stateOf(streams.group(parties.groupId), groupDecider).members.has(by)
    );
  }

  #stateOf<State, Command, Event extends DomainEvent>(
    stream: string,
    decider: Decider<State, Command, Event>,
  ): State {
    return (this.#states.get(stream)?.state ?? decider.initialState) as State;
  }

  /** Appends events as they are, whatever the deciders would say. */
  async append(stream: string, events: readonly DomainEvent[]): Promise<void> {
    const result = await this.#log.append(
      stream,
      'any',
      events.map((event) => {
        this.#eventNo += 1;
        const id = `0192a000-0000-7000-8000-${this.#eventNo.toString(16).padStart(12, '0')}`;
        const metadata = {
          $correlationId: id,
          $causationId: id,
          actor: 'system:test',
          commandId: id,
          bodyHash: 'b'.repeat(64),
          timeMs: this.#nowMs,
          schemaVersion: 1,
        };
        return { id, type: event.type, data: event.data, metadata };
      }),
    );
    if (result.kind !== 'appended') throw new Error(`append to ${stream}: ${result.kind}`);
  }
}
