import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/cli-error.ts';
import { accountAt } from '../../../src/cli/replay/account-at.ts';
import { groupAt } from '../../../src/cli/replay/group-at.ts';
import { type Moment, parseMoment } from '../../../src/cli/replay/moment.ts';
import { packetAt } from '../../../src/cli/replay/packet-at.ts';
import { accountLines, groupLines, packetLines, walletLines } from '../../../src/cli/replay/state-lines.ts';
import { walletAt } from '../../../src/cli/replay/wallet-at.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { streams } from '../../../src/domain/streams.ts';
import { aDomainEvent, anEvent } from '../../support/an-event.ts';
import {
  alice,
  bob,
  carol,
  clientMsgId,
  deviceId,
  expiresAtSecond,
  packetTerms,
  sealed,
  seedHex,
  theGroup,
} from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

const now: Moment = { kind: 'now' };
/** So many milliseconds into the history. */
const at = (ms: number): Moment => ({ kind: 'time', timeMs: startMs + ms });

/** A log with one stream, each event with its time in ms into the history. */
async function logOf(stream: string, events: readonly (readonly [number, DomainEvent])[]) {
  const log = new InMemoryEventLog();
  await add(log, stream, events);
  return log;
}

async function add(
  log: InMemoryEventLog,
  stream: string,
  events: readonly (readonly [number, DomainEvent])[],
): Promise<void> {
  for (const [ms, event] of events) {
    await log.append(stream, 'any', [aDomainEvent(event, { timeMs: startMs + ms })]);
  }
}

const terms = packetTerms({ kind: 'equal', totalFen: 100, count: 2 });
const grabbed = (userId: typeof alice, shareIndex: number): DomainEvent => ({
  type: 'PacketGrabbed',
  data: { packetId: terms.packetId, userId, shareIndex, amountFen: 50, expiresAtSecond },
});
const exhausted: DomainEvent = {
  type: 'PacketExhausted',
  data: { packetId: terms.packetId, senderId: alice, luckiest: bob, seed: seedHex },
};
const packetHistory: readonly (readonly [number, DomainEvent])[] = [
  [0, { type: 'PacketSent', data: terms }],
  [10, grabbed(bob, 0)],
  [20, grabbed(carol, 1)],
  [20, exhausted],
];

describe('a moment', () => {
  const { clock } = virtualRuntime();

  it('is a position, a time or now, and nothing that is still to come', () => {
    expect(parseMoment('now', clock)).toEqual(now);
    expect(parseMoment('17', clock)).toEqual({ kind: 'position', position: 17n });
    expect(parseMoment('2026-01-01T00:00:00Z', clock)).toEqual(at(0));
    expect(() => parseMoment('2026-01-01T00:00:00.001Z', clock)).toThrow('is still to come');
  });

  it('includes all that was recorded in its millisecond; a position tells equal times apart', async () => {
    const log = await logOf(streams.packet(terms.packetId), packetHistory);
    const statusAt = async (moment: Moment) => (await packetAt(log, terms.packetId, moment)).state.status;
    expect(await statusAt(at(19))).toBe('open');
    expect(await statusAt(at(20))).toBe('exhausted');
    const lastGrab = log.events[2]!.position;
    expect(await statusAt({ kind: 'position', position: lastGrab })).toBe('open');
    expect(await statusAt({ kind: 'position', position: lastGrab + 1n })).toBe('open');
    expect(await statusAt({ kind: 'position', position: log.events[3]!.position })).toBe('exhausted');
  });
});

describe('a packet as of a moment', () => {
  it('has the shares that were taken by then, and what remained', async () => {
    const log = await logOf(streams.packet(terms.packetId), packetHistory);
    const { state, last, next } = await packetAt(log, terms.packetId, at(15));
    expect(state).toMatchObject({
      status: 'open',
      terms,
      sentAtMs: startMs,
      remainingFen: 50,
      luckiest: bob,
    });
    expect(state.grabs).toEqual([{ shareIndex: 0, userId: bob, amountFen: 50, atMs: startMs + 10 }]);
    expect(last).toMatchObject({ revision: 1, timeMs: startMs + 10 });
    expect(next).toMatchObject({ revision: 2 });
  });

  it('shows its seed in no state in which it was open, whatever happened since', async () => {
    const log = await logOf(streams.packet(terms.packetId), packetHistory);
    for (const moment of [at(0), at(10), at(19)]) {
      const { state } = await packetAt(log, terms.packetId, moment);
      expect(JSON.stringify([state, packetLines(state)])).not.toContain(seedHex);
      expect(packetLines(state)).toContainEqual(['seed', 'secret while the packet is open']);
    }
    const { state } = await packetAt(log, terms.packetId, now);
    expect(state.end).toMatchObject({ seed: seedHex, atMs: startMs + 20, returnedFen: 0 });
    expect(packetLines(state)).toContainEqual(['seed', seedHex]);
  });

  it.each<[string, DomainEvent, object]>([
    [
      'returned',
      {
        type: 'PacketRefunded',
        data: { packetId: terms.packetId, senderId: alice, amountFen: 50, expiresAtSecond, seed: seedHex },
      },
      { status: 'refunded', remainingFen: 0, end: { returnedFen: 50, reason: null } },
    ],
    [
      'taken back',
      {
        type: 'PacketCancelled',
        data: {
          packetId: terms.packetId,
          senderId: alice,
          amountFen: 100,
          expiresAtSecond,
          reason: 'blocked',
          seed: seedHex,
        },
      },
      { status: 'cancelled', remainingFen: 0, end: { returnedFen: 100, reason: 'blocked' } },
    ],
  ])('holds nothing when it was %s', async (_what, end, expected) => {
    const log = await logOf(streams.packet(terms.packetId), [
      [0, { type: 'PacketSent', data: terms }],
      [9, end],
    ]);
    expect((await packetAt(log, terms.packetId, now)).state).toMatchObject(expected);
  });
});

describe('a wallet as of a moment', () => {
  it('has the balance that its entries come to, and the state of its owner', async () => {
    const log = await logOf(streams.account(alice), [
      [
        0,
        { type: 'AccountRegistered', data: { userId: alice, username: sealed('u'), nickname: sealed('n') } },
      ],
      [40, { type: 'AccountFrozen', data: { reason: 'lost phone' } }],
    ]);
    await add(log, streams.wallet(alice), [
      [0, { type: 'WalletOpened', data: { userId: alice } }],
      [10, { type: 'FundsDeposited', data: { userId: alice, amountFen: 1_000, providerRef: 'in-1' } }],
      [
        20,
        { type: 'PacketFunded', data: { userId: alice, amountFen: 100, terms, clientMsgId: clientMsgId(1) } },
      ],
      [
        30,
        {
          type: 'GrabCredited',
          data: { userId: alice, packetId: terms.packetId, shareIndex: 0, amountFen: 50, expiresAtSecond },
        },
      ],
      [
        50,
        {
          type: 'RefundCredited',
          data: { userId: alice, packetId: terms.packetId, amountFen: 50, expiresAtSecond },
        },
      ],
      [60, { type: 'FundsWithdrawn', data: { userId: alice, amountFen: 400, providerRef: 'out-1' } }],
    ]);
    const balances = [5, 15, 25, 35, 55, 65].map(
      async (ms) => (await walletAt(log, alice, at(ms))).state.balanceFen,
    );
    expect(await Promise.all(balances)).toEqual([0, 1_000, 900, 950, 1_000, 600]);
    const before = (await walletAt(log, alice, at(30))).state;
    expect(before).toMatchObject({ opened: true, ownerStatus: 'active' });
    expect(before.entries.RefundCredited).toEqual({ count: 0, totalFen: 0 });
    const { state } = await walletAt(log, alice, now);
    expect(state).toMatchObject({
      ownerStatus: 'frozen',
      entries: { GrabCredited: { count: 1, totalFen: 50 } },
    });
    expect(walletLines(state)).toContainEqual(['= balance', '            6.00 yuan']);
  });
});

describe('an account as of a moment', () => {
  it('has its devices, its standing and why, and its names sealed', async () => {
    const [phone, laptop] = [deviceId(1), deviceId(2)];
    const log = await logOf(streams.account(alice), [
      [
        0,
        {
          type: 'AccountRegistered',
          data: { userId: alice, username: sealed('user-box'), nickname: sealed('nick-1') },
        },
      ],
      [10, { type: 'DeviceAdded', data: { deviceId: phone, name: sealed('phone-box') } }],
      [20, { type: 'DeviceAdded', data: { deviceId: laptop, name: sealed('laptop-box') } }],
      [30, { type: 'ProfileChanged', data: { nickname: sealed('nick-2') } }],
      [40, { type: 'PasswordChanged', data: {} }],
      [50, { type: 'DeviceRevoked', data: { deviceId: phone } }],
      [60, { type: 'AccountFrozen', data: { reason: 'lost phone' } }],
      [70, { type: 'AccountUnfrozen', data: { reason: 'found' } }],
      [80, { type: 'AccountClosed', data: {} }],
    ]);
    const stateAt = async (ms: number) => (await accountAt(log, alice, at(ms))).state;
    expect(await stateAt(25)).toEqual({
      status: 'active',
      changed: null,
      registeredAtMs: startMs,
      username: sealed('user-box'),
      nickname: sealed('nick-1'),
      passwordChangedAtMs: null,
      paymentPinSetAtMs: null,
      devices: [
        { deviceId: phone, name: sealed('phone-box'), addedAtMs: startMs + 10 },
        { deviceId: laptop, name: sealed('laptop-box'), addedAtMs: startMs + 20 },
      ],
    });
    const frozen = await stateAt(65);
    expect(frozen).toMatchObject({ status: 'frozen', changed: { atMs: startMs + 60, reason: 'lost phone' } });
    expect(frozen).toMatchObject({ nickname: sealed('nick-2'), passwordChangedAtMs: startMs + 40 });
    expect(frozen.devices.map((device) => device.deviceId)).toEqual([laptop]);
    const lines = JSON.stringify(accountLines(frozen));
    expect(lines).toContain('frozen since 2026-01-01T00:00:00.060Z: lost phone');
    expect(lines).not.toMatch(/-box|nick-/);
    expect(await stateAt(75)).toMatchObject({ status: 'active', changed: { reason: 'found' } });
    expect(await stateAt(85)).toMatchObject({ status: 'closed', changed: { reason: null }, devices: [] });
  });
});

describe('a group as of a moment', () => {
  it('has its members with their roles, the owner first', async () => {
    const log = await logOf(streams.group(theGroup), [
      [
        0,
        {
          type: 'GroupCreated',
          data: { groupId: theGroup, ownerId: carol, name: sealed('name-1', theGroup), memberIds: [alice] },
        },
      ],
      [10, { type: 'MemberJoined', data: { userId: bob, invitedBy: carol } }],
      [20, { type: 'RoleChanged', data: { userId: bob, role: 'admin', by: carol } }],
      [30, { type: 'MemberMuted', data: { userId: alice, by: bob, untilMs: startMs + 1_000 } }],
      [40, { type: 'GroupRenamed', data: { by: carol, name: sealed('name-2', theGroup) } }],
      [50, { type: 'MemberLeft', data: { userId: alice } }],
      [60, { type: 'GroupDissolved', data: { by: carol } }],
    ]);
    const { state } = await groupAt(log, theGroup, at(45));
    expect(state).toMatchObject({ status: 'active', name: sealed('name-2', theGroup), createdAtMs: startMs });
    expect(state.members).toEqual([
      { userId: carol, role: 'owner', mutedUntilMs: null },
      { userId: bob, role: 'admin', mutedUntilMs: null },
      { userId: alice, role: 'member', mutedUntilMs: startMs + 1_000 },
    ]);
    expect(groupLines(state)).toContainEqual(['name', `(sealed for ${theGroup})`]);
    const dissolved = await groupAt(log, theGroup, now);
    expect(dissolved.state).toMatchObject({
      status: 'dissolved',
      dissolved: { atMs: startMs + 60, by: carol },
    });
    expect(dissolved.state.members.map(({ userId }) => userId)).toEqual([carol, bob]);
    expect(groupLines(dissolved.state)).toContainEqual([
      'status',
      `dissolved 2026-01-01T00:00:00.060Z by ${carol}`,
    ]);
  });
});

describe('a stream with an event that this version does not know', () => {
  it('has no state, and says so', async () => {
    const log = await logOf(streams.wallet(alice), []);
    await log.append(streams.wallet(alice), 'any', [anEvent({}, 'WalletBlessed')]);
    const failure = await walletAt(log, alice, now).catch((error: unknown) => error);
    expect(exitCodeOf(failure)).toBe(3);
    expect(String(failure)).toContain('written by a newer version');
  });
});
