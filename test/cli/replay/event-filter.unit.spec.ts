import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventFilter, matcherOf, streamPrefixes } from '../../../src/cli/replay/event-filter.ts';
import type { RecordedEvent } from '../../../src/commands/event-log.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { streams } from '../../../src/domain/streams.ts';
import { aDomainEvent } from '../../support/an-event.ts';
import {
  alice,
  aliceAndBob,
  bob,
  carol,
  clientMsgId,
  dave,
  deviceId,
  groupChat,
  packetId,
  packetTerms,
  sealed,
} from '../../support/domain-fixtures.ts';

type Planted = readonly [stream: string, event: DomainEvent, actor?: string];

const terms = packetTerms();
const { expiresAtSecond } = terms;
const packet = terms.packetId;
const message = (
  conversationId: typeof groupChat,
  senderId = alice,
  of: typeof packet | null = null,
): DomainEvent => ({
  type: 'MessageSent',
  data: {
    conversationId,
    senderId,
    clientMsgId: clientMsgId(1),
    messageNo: 1,
    kind: of === null ? 'text' : 'packet',
    body: sealed('hello', senderId),
    packetId: of,
  },
});
const recall = (seq: number, by = alice): DomainEvent => ({
  type: 'MessageRecalled',
  data: { conversationId: groupChat, seq, by },
});
const credit = (userId = bob, of = packet): DomainEvent => ({
  type: 'GrabCredited',
  data: { userId, packetId: of, shareIndex: 0, amountFen: 50, expiresAtSecond },
});

/** A log with a little of everything. */
const history: readonly Planted[] = [
  [streams.account(alice), { type: 'PasswordChanged', data: {} }, 'system:test'],
  [streams.friendship(alice, bob), { type: 'FriendAccepted', data: { by: bob, requestedBy: alice } }, bob],
  [
    streams.wallet(alice),
    { type: 'PacketFunded', data: { userId: alice, amountFen: 1000, terms, clientMsgId: clientMsgId(1) } },
    alice,
  ],
  [streams.packet(packet), { type: 'PacketSent', data: terms }, alice],
  [streams.conversation(groupChat), message(groupChat, alice, packet), alice],
  [streams.conversation(groupChat), message(groupChat, carol), carol],
  [
    streams.packet(packet),
    {
      type: 'PacketGrabbed',
      data: { packetId: packet, userId: bob, shareIndex: 0, amountFen: 50, expiresAtSecond },
    },
    bob,
  ],
  [streams.wallet(bob), credit(), 'system:settle'],
  [streams.wallet(dave), credit(dave), 'system:settle'],
  [streams.wallet(bob), credit(bob, packetId(2)), 'system:settle'],
  [streams.conversation(groupChat), recall(2, carol), carol],
  [streams.conversation(groupChat), recall(1), alice],
  [streams.conversation(aliceAndBob), message(aliceAndBob, bob), bob],
  [
    streams.receipts(3),
    {
      type: 'ReceiptsAdvanced',
      data: {
        cursors: [{ userId: alice, deviceId: deviceId(1), conversationId: groupChat, delivered: 1, read: 1 }],
      },
    },
    'system:receipts',
  ],
  [streams.account(bob), { type: 'AccountFrozen', data: { reason: 'asked for it' } }, alice],
];

function record(planted: readonly Planted[]): readonly RecordedEvent[] {
  const revisions = new Map<string, number>();
  return planted.map(([stream, event, actor], index) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const correlation = actor === undefined ? {} : { actor, $correlationId: `request-of-${actor}` };
    return { ...aDomainEvent(event, correlation), stream, revision, position: BigInt(index) };
  });
}

const log = record(history);
const positionsOf = (filter: EventFilter) =>
  log.filter(matcherOf(filter)).map(({ position }) => Number(position));

describe('events', () => {
  it.each<[string, EventFilter, number[]]>([
    ['of one stream', { stream: streams.wallet(bob) }, [7, 9]],
    ['of some categories', { categories: ['packet', 'receipts'] }, [3, 6, 13]],
    ['of some types', { types: ['MessageRecalled', 'PasswordChanged'] }, [0, 10, 11]],
    ['of one request', { correlationId: `request-of-${carol}` }, [5, 10]],
    ['that meet all of it', { types: ['GrabCredited'], userId: bob, packetId: packet }, [7]],
    ['all', {}, log.map((_, index) => index)],
  ])('%s are found', (_what, filter, positions) => {
    expect(positionsOf(filter)).toEqual(positions);
  });

  it('that concern a user are those done by them, in their streams, and about them', () => {
    expect(positionsOf({ userId: alice })).toEqual([0, 1, 2, 3, 4, 11, 12, 13, 14]);
    expect(positionsOf({ userId: bob })).toEqual([1, 6, 7, 9, 12, 14]);
  });

  it('that concern a packet are its own, its wallet entries, its message, and what recalls that', () => {
    // 8 is a credit of it in a wallet that it gave nothing to: what an auditor looks for.
    expect(positionsOf({ packetId: packet })).toEqual([2, 3, 4, 6, 7, 8, 11]);
  });

  it('that recall a packet message are found though the message itself is not asked for', () => {
    expect(positionsOf({ packetId: packet, types: ['MessageRecalled'] })).toEqual([11]);
  });

  it('of an id that another one only begins or ends with are not found', () => {
    const longer = record([
      [`wallet-${alice}0`, { type: 'WalletOpened', data: { userId: `0${alice}` as typeof alice } }],
    ]);
    expect(longer.filter(matcherOf({ userId: alice }))).toEqual([]);
    expect(longer.filter(matcherOf({ stream: `wallet-${alice}` }))).toEqual([]);
    expect(longer.filter(matcherOf({ categories: ['wall'] }))).toEqual([]);
  });
});

describe('the prefixes that the store is given', () => {
  it.each<[EventFilter, readonly string[] | undefined]>([
    [{}, undefined],
    [{ types: ['PacketSent'], userId: alice }, undefined],
    [{ categories: ['wallet', 'packet'] }, ['wallet-', 'packet-']],
    [{ stream: 'wallet-1', packetId: packet }, ['wallet-1']],
    [{ packetId: packet }, [`packet-${packet}`, 'wallet-', 'conversation-']],
    [{ packetId: packet, categories: ['wallet', 'account'] }, ['wallet-']],
  ])('for %j', (filter, prefixes) => {
    expect(streamPrefixes(filter)).toEqual(prefixes);
  });

  it.each<EventFilter>([
    { packetId: packet, categories: ['friendship'] },
    { packetId: packet, stream: 'account-1' },
    { packetId: packet, stream: streams.packet(packetId(2)) },
  ])('are none for %j, which can match nothing', (filter) => {
    expect(() => streamPrefixes(filter)).toThrow('concerns a packet');
  });

  it('leave out nothing that is wanted', () => {
    const filters = fc.record(
      {
        categories: fc.subarray(['wallet', 'packet', 'conversation', 'account'], { minLength: 1 }),
        userId: fc.constantFrom(alice, bob),
        packetId: fc.constant(packet),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(filters, (filter) => {
        fc.pre(!(filter.packetId && filter.categories?.join() === 'account'));
        const prefixes = streamPrefixes(filter) ?? [''];
        const served = log.filter(({ stream }) => prefixes.some((prefix) => stream.startsWith(prefix)));
        expect(served.filter(matcherOf(filter))).toEqual(log.filter(matcherOf(filter)));
      }),
    );
  });
});
