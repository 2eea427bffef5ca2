import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import { defaultPacketLimits } from '../../../src/domain/packet/packet-limits.ts';
import type { PacketTerms } from '../../../src/domain/packet/packet-terms.ts';
import type { WalletCommand } from '../../../src/domain/wallet/wallet-commands.ts';
import { walletDecider } from '../../../src/domain/wallet/wallet-decider.ts';
import type { WalletEvent } from '../../../src/domain/wallet/wallet-events.ts';
import { fundedAtRevision, mayHaveForgotten } from '../../../src/domain/wallet/wallet-state.ts';
import {
  alice,
  bob,
  clientMsgId,
  expiresAtSecond,
  packetId,
  packetTerms,
  sealed,
} from '../../support/domain-fixtures.ts';
import { specification, startMs } from '../../support/given-when-then.ts';

const { transferFenMax, balanceFenMax, keyKeptSeconds, keySweepSeconds } = domainLimits.wallet;
const deposit = (amountFen: number, providerRef = `in-${amountFen}`): WalletCommand => ({
  type: 'Deposit',
  userId: alice,
  amountFen,
  providerRef,
});
const withdraw = (amountFen: number, providerRef = `out-${amountFen}`): WalletCommand => ({
  type: 'Withdraw',
  userId: alice,
  amountFen,
  providerRef,
});
const deposited = (amountFen: number, providerRef = `in-${amountFen}`): WalletEvent => ({
  type: 'FundsDeposited',
  data: { userId: alice, amountFen, providerRef },
});
const withdrew = (amountFen: number, providerRef = `out-${amountFen}`): WalletEvent => ({
  type: 'FundsWithdrawn',
  data: { userId: alice, amountFen, providerRef },
});
const fund = (terms: PacketTerms): WalletCommand => ({
  type: 'FundPacket',
  userId: alice,
  terms,
  clientMsgId: clientMsgId(1),
  limits: defaultPacketLimits,
});
const funded = (terms: PacketTerms): WalletEvent => ({
  type: 'PacketFunded',
  data: { userId: alice, amountFen: terms.totalFen, terms, clientMsgId: clientMsgId(1) },
});
const grabOf = (packet: number, shareIndex: number) => ({
  userId: alice,
  packetId: packetId(packet),
  shareIndex,
  amountFen: 50,
  expiresAtSecond,
});
const creditGrab = (packet: number, shareIndex: number): WalletCommand => ({
  type: 'CreditGrab',
  ...grabOf(packet, shareIndex),
});
const grabCredited = (packet: number, shareIndex: number): WalletEvent => ({
  type: 'GrabCredited',
  data: grabOf(packet, shareIndex),
});
const refundOf = (packet: number) => ({
  userId: alice,
  packetId: packetId(packet),
  amountFen: 70,
  expiresAtSecond,
});
const creditRefund = (packet: number): WalletCommand => ({ type: 'CreditRefund', ...refundOf(packet) });
const refundCredited = (packet: number): WalletEvent => ({ type: 'RefundCredited', data: refundOf(packet) });

const unopened = specification(walletDecider);
const rich = unopened.given([deposited(5000)]);

describe('a wallet', () => {
  it('is opened once', () => {
    const opened: WalletEvent = { type: 'WalletOpened', data: { userId: alice } };
    unopened
      .when({ type: 'OpenWallet', userId: alice })
      .then([opened])
      .when({ type: 'OpenWallet', userId: alice })
      .thenNothing();
  });

  it('takes deposits and gives withdrawals, down to nothing', () => {
    const empty = unopened
      .when(deposit(5000))
      .then([deposited(5000)])
      .when(withdraw(5000))
      .then([withdrew(5000)]);
    expect(empty.state.balanceFen).toBe(0);
    empty.when(withdraw(1)).thenRejected('insufficient-funds');
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, transferFenMax + 1])(
    'moves no %d fen',
    (amountFen) => {
      rich.when(deposit(amountFen)).thenRejected('amount-invalid');
      rich.when(withdraw(amountFen)).thenRejected('amount-invalid');
    },
  );

  it('takes the greatest transfer, and no deposit over the greatest balance', () => {
    unopened.when(deposit(transferFenMax)).thenAccepted();
    const full = unopened.given([deposited(balanceFenMax - 10)]);
    full.when(deposit(10, 'last')).thenAccepted();
    full.when(deposit(11, 'last')).thenRejected('amount-invalid');
    full.when(creditGrab(1, 0)).thenAccepted();
  });

  it('takes a provider reference once', () => {
    rich.when(deposit(5000)).thenNothing();
    rich.when(deposit(4000, 'in-5000')).thenRejected('reference-reused');
    rich.when(withdraw(5000, 'in-5000')).thenRejected('reference-reused');
    rich
      .given([withdrew(5000)])
      .when(withdraw(5000))
      .thenNothing();
    rich.when(deposit(5000, '')).thenRejected('bad-request');
    rich.when(deposit(5000, 'x'.repeat(1000))).thenRejected('bad-request');
  });
});

describe('funding a packet', () => {
  const terms = packetTerms();

  it('takes its total out of the wallet, and says where that stands', () => {
    const after = rich.when(fund(terms)).then([funded(terms)]);
    expect(after.state.balanceFen).toBe(4000);
    expect(fundedAtRevision(after.state, terms.packetId)).toBe(1);
    expect(fundedAtRevision(after.state, packetId(2))).toBeUndefined();
  });

  it('happens once, though greeting and expiry are made anew when it is asked for again', () => {
    const again = { ...terms, greeting: sealed('sealed anew'), expiresAtSecond: expiresAtSecond + 1 };
    rich
      .given([funded(terms)])
      .when(fund(again))
      .thenNothing();
    rich
      .given([funded(terms)])
      .when(fund(packetTerms({ count: 2 })))
      .thenRejected('packet-exists');
  });

  it('is never done twice, not even when the first time is long forgotten', () => {
    const laterMs = (expiresAtSecond + keyKeptSeconds + keySweepSeconds + 10) * 1000;
    const later = rich.given([funded(terms)]).given([deposited(7)], laterMs);
    expect(fundedAtRevision(later.state, terms.packetId)).toBeUndefined();
    later.when(fund(packetTerms({ expiresAtSecond: laterMs / 1000 + 60 }))).thenRejected('packet-exists');
  });

  it('needs the money', () => {
    unopened
      .given([deposited(999)])
      .when(fund(terms))
      .thenRejected('insufficient-funds');
    unopened
      .given([deposited(1000)])
      .when(fund(terms))
      .then([funded(terms)]);
  });

  it('checks the terms and the lifetime before any money moves', () => {
    rich.when(fund(packetTerms({ count: 0 }))).thenRejected('shares-invalid');
    rich.when(fund(packetTerms({ expiresAtSecond: startMs / 1000 + 5 }))).thenRejected('ttl-invalid');
    rich.when(fund(packetTerms({ senderId: bob }))).thenRejected('forbidden');
  });
});

describe('a credit', () => {
  it('is taken once under its key, by a wallet that nobody opened too', () => {
    const after = unopened.when(creditGrab(1, 0)).then([grabCredited(1, 0)]);
    expect(after.state.balanceFen).toBe(50);
    after.when(creditGrab(1, 0)).thenNothing();
    after.when(creditGrab(1, 1)).then([grabCredited(1, 1)]);
    after.when(creditGrab(2, 0)).then([grabCredited(2, 0)]);
    after
      .when(creditRefund(1))
      .then([refundCredited(1)])
      .when(creditRefund(1))
      .thenNothing();
  });

  it('of no amount is a fault, not a refusal', () => {
    const context = { nowMs: startMs, nextRevision: 0 };
    for (const amountFen of [0, -1, 0.5, Number.NaN]) {
      const command: WalletCommand = { type: 'CreditGrab', ...grabOf(1, 0), amountFen };
      expect(() => walletDecider.decide(command, unopened.state, context)).toThrow(RangeError);
    }
  });

  describe('from long ago', () => {
    const atSecond = (second: number) => second * 1000;
    const kept = unopened.given([grabCredited(1, 0)]);
    const lastKeptMs = atSecond(expiresAtSecond + keyKeptSeconds);

    it('is remembered until 30 days after the expiry', () => {
      kept
        .given([deposited(1)], lastKeptMs)
        .when(creditGrab(1, 0))
        .thenNothing();
    });

    it('is then not guessed about: the caller reads the whole stream', () => {
      const forgetful = kept.given([deposited(1)], lastKeptMs + 1000);
      expect(forgetful.state.credits.size).toBe(0);
      expect(mayHaveForgotten(forgetful.state, expiresAtSecond)).toBe(true);
      expect(mayHaveForgotten(forgetful.state, expiresAtSecond + 1)).toBe(false);
      forgetful.when(creditGrab(1, 0)).thenRejected('unknown-outcome');
      forgetful.when(creditRefund(1)).thenRejected('unknown-outcome');
    });

    it('is taken when it was proven absent, and remembered for as long again', () => {
      const lateMs = lastKeptMs + 1000;
      const forgetful = unopened.given([deposited(1)], lateMs);
      const proven: WalletCommand = { type: 'CreditGrab', ...grabOf(1, 0), absenceProven: true };
      const after = forgetful.when(proven).then([grabCredited(1, 0)]);
      const muchLater = after.given([deposited(2)], lateMs + atSecond(keyKeptSeconds));
      muchLater.when(proven).thenNothing();
      muchLater.when(creditGrab(1, 0)).thenNothing();
    });
  });
});

describe('any wallet', () => {
  const amountFen = fc.integer({ min: -5, max: 400 });
  const command: fc.Arbitrary<WalletCommand> = fc.oneof(
    fc.tuple(amountFen, fc.nat(9)).map(([amount, ref]) => deposit(amount, `ref-${ref}`)),
    fc.tuple(amountFen, fc.nat(9)).map(([amount, ref]) => withdraw(amount, `ref-${ref}`)),
    fc.tuple(fc.nat(3), fc.nat(2)).map(([packet, share]) => creditGrab(packet, share)),
    fc.nat(3).map((packet) => creditRefund(packet)),
    fc
      .tuple(fc.nat(3), fc.integer({ min: 3, max: 400 }))
      .map(([packet, totalFen]) => fund(packetTerms({ packetId: packetId(packet), totalFen }))),
  );

  it('never holds less than nothing, and is unmoved by anything said twice', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        let history = unopened;
        let revision = 0;
        for (const next of commands) {
          const decision = walletDecider.decide(next, history.state, {
            nowMs: startMs,
            nextRevision: revision,
          });
          if (decision.kind === 'rejected') continue;
          history = history.given(decision.events);
          revision += decision.events.length;
          expect(history.state.balanceFen).toBeGreaterThanOrEqual(0);
          history.when(next).thenNothing();
        }
      }),
    );
  });
});
