import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserId } from '../../../src/domain/ids.ts';
import type { AuditedEvent } from '../../../src/domain/ledger/audited-event.ts';
import { createMoneyAudit } from '../../../src/domain/ledger/money-audit.ts';
import { imbalanceFen } from '../../../src/domain/ledger/money-rules.ts';
import { verifyPacket } from '../../../src/domain/packet/fairness.ts';
import { packetDecider } from '../../../src/domain/packet/packet-decider.ts';
import { defaultPacketLimits } from '../../../src/domain/packet/packet-limits.ts';
import type { PacketTerms } from '../../../src/domain/packet/packet-terms.ts';
import { streams } from '../../../src/domain/streams.ts';
import type { WalletCommand } from '../../../src/domain/wallet/wallet-commands.ts';
import { walletDecider } from '../../../src/domain/wallet/wallet-decider.ts';
import { decidedStreams } from '../../support/decided-streams.ts';
import { clientMsgId, packetId, packetTerms, seed, userId } from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';

const userCount = 4;
const packetCount = 3;
const user = fc.nat(userCount - 1).map(userId);
const packet = fc.nat(packetCount - 1).map(packetId);

/** What may happen next, in any order. Each step of a send and each credit comes when it comes, or twice. */
const action = fc.oneof(
  fc.record({ what: fc.constant('deposit' as const), user, amountFen: fc.nat(2_000), ref: fc.nat(20) }),
  fc.record({ what: fc.constant('withdraw' as const), user, amountFen: fc.nat(2_000), ref: fc.nat(20) }),
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('fund' as const),
      user,
      packet,
      kind: fc.constantFrom('lucky' as const, 'equal' as const),
      count: fc.integer({ min: 1, max: 4 }),
      shareFen: fc.integer({ min: 1, max: 300 }),
      ttlSeconds: fc.integer({ min: 10, max: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('open' as const), packet }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('grab' as const), user, packet }) },
  fc.record({ what: fc.constant('refund' as const), packet }),
  fc.record({ what: fc.constant('cancel' as const), packet }),
  { weight: 3, arbitrary: fc.record({ what: fc.constant('settle' as const), pick: fc.nat() }) },
  fc.record({ what: fc.constant('wait' as const), seconds: fc.nat(20) }),
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

function createBank() {
  const log: AuditedEvent[] = [];
  const wallets = decidedStreams(walletDecider, log);
  const packets = decidedStreams(packetDecider, log);
  let nowMs = startMs;
  const wallet = (of: UserId, command: WalletCommand) => wallets.decide(streams.wallet(of), command, nowMs);
  for (const by of Array.from({ length: userCount }, (_, index) => userId(index))) {
    wallet(by, { type: 'Deposit', userId: by, amountFen: 1_000, providerRef: 'first' });
  }

  const fundedTerms = (): readonly PacketTerms[] =>
    log.flatMap(({ event }) => (event.type === 'PacketFunded' ? [event.data.terms] : []));

  /** The credits that the packets' events call for, the paid ones included. */
  const credits = (): readonly WalletCommand[] =>
    log.flatMap(({ event }): WalletCommand[] => {
      switch (event.type) {
        case 'PacketGrabbed':
          return [{ type: 'CreditGrab', ...event.data }];
        case 'PacketRefunded':
        case 'PacketCancelled': {
          const { packetId: of, senderId, amountFen, expiresAtSecond } = event.data;
          return [{ type: 'CreditRefund', userId: senderId, packetId: of, amountFen, expiresAtSecond }];
        }
        default:
          return [];
      }
    });

  const open = (terms: PacketTerms) =>
    packets.decide(streams.packet(terms.packetId), { type: 'OpenPacket', terms }, nowMs);

  const perform = (next: Action): void => {
    switch (next.what) {
      case 'deposit':
      case 'withdraw': {
        const type = next.what === 'deposit' ? 'Deposit' : 'Withdraw';
        const { user: by, amountFen, ref } = next;
        wallet(by, { type, userId: by, amountFen, providerRef: `ref-${ref}` });
        return;
      }
      case 'fund': {
        const { user: by, packet: of, kind, count, shareFen, ttlSeconds } = next;
        // Ids are made for one send: nobody else funds a packet of the same id.
        if (fundedTerms().some((terms) => terms.packetId === of && terms.senderId !== by)) return;
        const expiresAtSecond = Math.ceil(nowMs / 1000) + ttlSeconds;
        const totalFen = shareFen * count;
        const terms = packetTerms({ packetId: of, senderId: by, kind, count, totalFen, expiresAtSecond });
        wallet(by, {
          type: 'FundPacket',
          userId: by,
          terms,
          clientMsgId: clientMsgId(1),
          limits: defaultPacketLimits,
        });
        return;
      }
      case 'open':
        for (const terms of fundedTerms()) if (terms.packetId === next.packet) open(terms);
        return;
      case 'grab':
        packets.decide(streams.packet(next.packet), { type: 'GrabPacket', by: next.user, seed }, nowMs);
        return;
      case 'refund':
        packets.decide(streams.packet(next.packet), { type: 'RefundPacket', seed }, nowMs);
        return;
      case 'cancel':
        packets.decide(streams.packet(next.packet), { type: 'CancelPacket', reason: 'blocked', seed }, nowMs);
        return;
      case 'settle': {
        const due = credits();
        const command = due[next.pick % Math.max(due.length, 1)];
        if (command !== undefined) wallet(command.userId, command);
        return;
      }
      case 'wait':
        nowMs += next.seconds * 1000;
        return;
    }
  };

  /** All that is begun comes to its end. */
  const settleEverything = (): void => {
    for (const terms of fundedTerms()) open(terms);
    nowMs += 3_600_000;
    for (const terms of fundedTerms()) {
      packets.decide(streams.packet(terms.packetId), { type: 'RefundPacket', seed }, nowMs);
    }
    for (const command of credits()) wallet(command.userId, command);
  };

  return { log, wallets, perform, settleEverything };
}

describe('whatever happens, in whatever order', () => {
  const actions = fc.array(action, { minLength: 40, maxLength: 120, size: 'max' });

  it('no money rule is broken at any position, and all money ends up in wallets', () => {
    fc.assert(
      fc.property(actions, (history) => {
        const bank = createBank();
        for (const next of history) bank.perform(next);
        bank.settleEverything();

        const audit = createMoneyAudit({ creditWithinMs: 7_200_000, endWithinMs: 7_200_000 });
        for (const event of bank.log) {
          audit.add(event);
          expect(imbalanceFen(audit.terms())).toBe(0);
        }
        expect(audit.violations()).toEqual([]);
        const { walletsFen, depositedFen, withdrawnFen, ...underWay } = audit.terms();
        expect(underWay).toEqual({ fundsUnderWayFen: 0, openPacketsFen: 0, creditsUnderWayFen: 0 });
        expect(walletsFen).toBe(depositedFen - withdrawnFen);
        const balances = Array.from({ length: userCount }, (_, index) =>
          bank.wallets.state(streams.wallet(userId(index))),
        );
        expect(balances.reduce((sum, { balanceFen }) => sum + balanceFen, 0)).toBe(walletsFen);
      }),
      { numRuns: 300 },
    );
  });

  it('every packet that has ended can be checked by everyone', () => {
    fc.assert(
      fc.property(actions, (history) => {
        const bank = createBank();
        for (const next of history) bank.perform(next);
        bank.settleEverything();
        for (const { event } of bank.log) {
          if (event.type !== 'PacketSent') continue;
          const of = event.data.packetId;
          const grabs = bank.log.flatMap(({ event: other }) =>
            other.type === 'PacketGrabbed' && other.data.packetId === of ? [other.data] : [],
          );
          const checks = verifyPacket({ terms: event.data, seed: bytesToHex(seed), grabs });
          expect(checks.filter((check) => !check.ok)).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the histories are worth looking at: packets are exhausted, refunded and cancelled in them', () => {
    const seen = new Set<string>();
    for (const history of fc.sample(actions, { numRuns: 500, seed: 1 })) {
      const bank = createBank();
      for (const next of history) bank.perform(next);
      bank.settleEverything();
      for (const { event } of bank.log) seen.add(event.type);
    }
    expect([...seen].sort()).toEqual([
      'FundsDeposited',
      'FundsWithdrawn',
      'GrabCredited',
      'PacketCancelled',
      'PacketExhausted',
      'PacketFunded',
      'PacketGrabbed',
      'PacketRefunded',
      'PacketSent',
      'RefundCredited',
    ]);
  });
});
