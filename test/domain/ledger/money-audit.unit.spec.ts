import { describe, expect, it } from 'vitest';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import { createMoneyAudit } from '../../../src/domain/ledger/money-audit.ts';
import { imbalanceFen } from '../../../src/domain/ledger/money-rules.ts';
import { alice, bob, carol } from '../../support/domain-fixtures.ts';
import type { Step } from './money-history.ts';
import {
  allTaken,
  cancelled,
  deposited,
  exhausted,
  expiryMs,
  funded,
  grabbed,
  grabCredited,
  halfTaken,
  opened,
  otherPacket,
  recorded,
  refundCredited,
  refunded,
  sent,
  terms,
  withdrew,
} from './money-history.ts';

const { creditWithinMs, endWithinMs } = domainLimits.audit;

/** The rules that are broken and where, in the order found. */
function found(steps: readonly Step[], asOfMs?: number): readonly string[] {
  const audit = createMoneyAudit();
  for (const event of recorded(steps)) audit.add(event);
  return audit.violations(asOfMs).map(({ rule, position }) => `rule ${rule} at ${position}`);
}

describe('an honest history', () => {
  it.each<[string, readonly Step[]]>([
    ['nothing', []],
    ['a packet that is grabbed to the end', allTaken],
    ['a packet of which a part goes back', halfTaken],
    ['a packet that is taken back before its expiry', [...opened, cancelled(), refundCredited(100)]],
    ['a wallet emptied to the last fen', [deposited(10), withdrew(10)]],
  ])('breaks no rule: %s', (_what, steps) => {
    expect(found(steps, expiryMs * 2)).toEqual([]);
    for (let length = 0; length < steps.length; length += 1)
      expect(found(steps.slice(0, length))).toEqual([]);
  });

  it('has its terms add up at every position', () => {
    const audit = createMoneyAudit();
    const seen = recorded([...halfTaken, withdrew(300)]).map((event) => {
      audit.add(event);
      expect(imbalanceFen(audit.terms())).toBe(0);
      const { walletsFen, fundsUnderWayFen, openPacketsFen, creditsUnderWayFen } = audit.terms();
      return [event.event.type, walletsFen, fundsUnderWayFen, openPacketsFen, creditsUnderWayFen];
    });
    expect(seen).toEqual([
      ['FundsDeposited', 1000, 0, 0, 0],
      ['PacketFunded', 900, 100, 0, 0],
      ['PacketSent', 900, 0, 100, 0],
      ['PacketGrabbed', 900, 0, 50, 50],
      ['GrabCredited', 950, 0, 50, 0],
      ['PacketRefunded', 950, 0, 0, 50],
      ['RefundCredited', 1000, 0, 0, 0],
      ['FundsWithdrawn', 700, 0, 0, 0],
    ]);
    expect(audit.terms()).toMatchObject({ depositedFen: 1000, withdrawnFen: 300 });
  });
});

describe('a planted violation is found, and nothing else', () => {
  it('rule 1: a credit of more than was granted', () => {
    expect(found([...opened, grabbed(), grabCredited(bob, 0, 51)])).toEqual(['rule 1 at 4']);
    expect(found([...opened, grabbed(), grabCredited(bob, 0, 49)])).toEqual(['rule 1 at 4']);
  });

  it('rule 2: a packet that grants more than it holds', () => {
    expect(found([...opened, grabbed(bob, 0, 150)])).toEqual(['rule 2 at 3']);
  });

  it('rule 2: a packet that is funded twice', () => {
    expect(found([...opened.slice(0, 2), funded()])).toEqual(['rule 2 at 2']);
  });

  it('rule 3: a second share for one user', () => {
    expect(found([...opened, grabbed(bob, 0), grabbed(bob, 1)])).toEqual(['rule 3 at 4']);
  });

  it('rule 3: more shares than there are', () => {
    const steps = [...opened, grabbed(bob, 0, 40), grabbed(carol, 1, 40), grabbed(alice, 2, 20)];
    expect(found(steps)).toEqual(['rule 3 at 5']);
  });

  it('rule 4: a share granted in the expiry second', () => {
    expect(found([...opened, grabbed(bob, 0, 50, expiryMs - 1)], expiryMs)).toEqual([]);
    expect(found([...opened, grabbed(bob, 0, 50, expiryMs)])).toEqual(['rule 4 at 3']);
  });

  it('rule 4: a refund before the expiry second', () => {
    expect(found([...opened, refunded(100, expiryMs)])).toEqual([]);
    expect(found([...opened, refunded(100, expiryMs - 1)])).toEqual(['rule 4 at 3']);
  });

  it('rule 5: a second end', () => {
    expect(found([...allTaken, refunded(0)])).toEqual(['rule 5 at 8']);
    expect(found([...allTaken, cancelled(0)])).toEqual(['rule 5 at 8']);
    expect(found([...halfTaken, exhausted(expiryMs)])).toEqual(['rule 5 at 7']);
    expect(found([...opened, refunded(100), refunded(0)])).toEqual(['rule 5 at 4']);
  });

  it('rule 5: no end, long after the expiry', () => {
    expect(found(opened, expiryMs + endWithinMs)).toEqual([]);
    expect(found(opened, expiryMs + endWithinMs + 1)).toEqual(['rule 5 at 2']);
    expect(found(opened.slice(0, 2), expiryMs + endWithinMs + 1)).toEqual(['rule 5 at 1']);
  });

  it('rule 6: a balance below zero', () => {
    expect(found([deposited(10), withdrew(11)])).toEqual(['rule 6 at 1']);
    expect(found([deposited(99), funded()])).toEqual(['rule 6 at 1']);
  });

  it('rule 7: a grant that is not credited', () => {
    const [grabbedAt] = recorded([grabbed()]);
    const grabbedMs = grabbedAt!.timeMs;
    expect(found([...opened, grabbed()], grabbedMs + creditWithinMs)).toEqual([]);
    expect(found([...opened, grabbed()], grabbedMs + creditWithinMs + 1)).toEqual(['rule 7 at 3']);
  });

  it('rule 7: a refund that is not credited', () => {
    expect(found([...opened, refunded(100)], expiryMs + creditWithinMs + 1)).toEqual(['rule 7 at 3']);
  });

  it('rule 7: a share credited to another wallet', () => {
    expect(found([...opened, grabbed(), grabCredited(carol)])).toEqual(['rule 7 at 4']);
  });
});

describe('a violation that breaks a second rule in truth is found under both', () => {
  it.each<[string, readonly Step[], readonly string[]]>([
    [
      'a credit taken twice',
      [...opened, grabbed(), grabCredited(), grabCredited()],
      ['rule 7 at 5', 'rule 1 at 5'],
    ],
    ['a credit taken twice, long after', [...allTaken, grabCredited()], ['rule 7 at 8', 'rule 1 at 8']],
    ['a credit of no packet', [grabCredited(bob, 0, 50, otherPacket)], ['rule 7 at 0', 'rule 1 at 0']],
    ['a packet that nobody paid for', [sent()], ['rule 2 at 0', 'rule 1 at 0']],
    [
      'a packet of more than was paid',
      [deposited(1000), funded(), sent({ ...terms, totalFen: 101 })],
      ['rule 2 at 2', 'rule 1 at 2'],
    ],
    [
      'a refund of more than is left',
      [...opened, grabbed(), grabCredited(), refunded(51)],
      ['rule 2 at 5', 'rule 1 at 5'],
    ],
    [
      'a refund of less than is left',
      [...opened, grabbed(), grabCredited(), refunded(49)],
      ['rule 2 at 5', 'rule 1 at 5'],
    ],
    [
      'an exhausted packet with something left',
      [...opened, grabbed(), exhausted()],
      ['rule 2 at 4', 'rule 1 at 4'],
    ],
    [
      'a share of a packet that has ended',
      [...opened, cancelled(), grabbed()],
      ['rule 5 at 4', 'rule 1 at 4'],
    ],
  ])('%s', (_what, steps, expected) => {
    expect(found(steps)).toEqual(expected);
  });
});

describe('the list of violations', () => {
  it('says where and what, for people', () => {
    const audit = createMoneyAudit();
    for (const event of recorded([deposited(10), withdrew(11)])) audit.add(event);
    expect(audit.violations()).toEqual([
      { rule: 6, position: 1n, stream: 'some-stream', detail: `The wallet of user ${alice} is at -1 fen` },
    ]);
  });

  it('is bounded, and counted beyond', () => {
    const audit = createMoneyAudit();
    const { violationsMax } = domainLimits.audit;
    const steps = Array.from({ length: violationsMax + 5 }, () => withdrew(1));
    for (const event of recorded(steps)) audit.add(event);
    expect(audit.violations()).toHaveLength(violationsMax);
    expect(audit.violationCount()).toBe(violationsMax + 5);
  });
});
