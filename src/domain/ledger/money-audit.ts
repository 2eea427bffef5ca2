import { domainLimits } from '../domain-limits.ts';
import { grabCreditKey, refundCreditKey } from '../wallet/wallet-keys.ts';
import type { AuditedEvent } from './audited-event.ts';
import type { MoneyTerms, MoneyViolation } from './money-rules.ts';
import { imbalanceFen } from './money-rules.ts';
import type { ReportViolation } from './packet-ledger.ts';
import { PacketLedger } from './packet-ledger.ts';

export interface MoneyAudit {
  /** The next event in log order. Constant time. Events that are not about money are passed over. */
  add(event: AuditedEvent): void;
  /** The terms of rule 1 at the last event's position. */
  terms(): MoneyTerms;
  /**
   * What was found, in log order, and then what is missing as of `asOfMs` (default: the last event's recorded
   * time). At most `violationsMax`; `violationCount` counts on.
   */
  violations(asOfMs?: number): readonly MoneyViolation[];
  /** How many violations there were among the events, the unlisted ones included. */
  violationCount(): number;
}

/**
 * An auditor of the money rules 1 to 7, to be shown the log from its first event on. It knows nothing but the
 * events and shares no code with what decided them but the credit keys.
 *
 * Rule 1 is checked at every event and reported where the imbalance changes, so that one fault is one finding
 * and not one for every event after it.
 */
export function createMoneyAudit(
  within: { readonly creditWithinMs: number; readonly endWithinMs: number } = domainLimits.audit,
): MoneyAudit {
  const found: MoneyViolation[] = [];
  let count = 0;
  const report: ReportViolation = (rule, { position, stream }, detail) => {
    count += 1;
    if (found.length < domainLimits.audit.violationsMax) found.push({ rule, position, stream, detail });
  };
  const packets = new PacketLedger(report);
  const balancesFen = new Map<string, number>();
  let walletsFen = 0;
  let depositedFen = 0;
  let withdrawnFen = 0;
  let lastImbalanceFen = 0;
  let lastTimeMs = 0;

  const terms = (): MoneyTerms => ({
    walletsFen,
    fundsUnderWayFen: packets.fundsUnderWayFen,
    openPacketsFen: packets.openPacketsFen,
    creditsUnderWayFen: packets.creditsUnderWayFen,
    depositedFen,
    withdrawnFen,
  });

  const changeBalance = (at: AuditedEvent, userId: string, changeFen: number): void => {
    const balanceFen = (balancesFen.get(userId) ?? 0) + changeFen;
    balancesFen.set(userId, balanceFen);
    walletsFen += changeFen;
    if (balanceFen < 0 && changeFen < 0) {
      report(6, at, `The wallet of user ${userId} is at ${balanceFen} fen`);
    }
  };

  const apply = (at: AuditedEvent): void => {
    const { type, data } = at.event;
    switch (type) {
      case 'FundsDeposited':
        depositedFen += data.amountFen;
        changeBalance(at, data.userId, data.amountFen);
        break;
      case 'FundsWithdrawn':
        withdrawnFen += data.amountFen;
        changeBalance(at, data.userId, -data.amountFen);
        break;
      case 'PacketFunded':
        packets.funded(at, data);
        changeBalance(at, data.userId, -data.amountFen);
        break;
      case 'GrabCredited':
        packets.credited(at, data.packetId, grabCreditKey(data.packetId, data.shareIndex), data.userId);
        changeBalance(at, data.userId, data.amountFen);
        break;
      case 'RefundCredited':
        packets.credited(at, data.packetId, refundCreditKey(data.packetId), data.userId);
        changeBalance(at, data.userId, data.amountFen);
        break;
      case 'PacketSent':
        packets.sent(at, data);
        break;
      case 'PacketGrabbed':
        packets.grabbed(at, data);
        break;
      case 'PacketExhausted':
        packets.exhausted(at, data);
        break;
      case 'PacketRefunded':
        packets.refunded(at, data);
        break;
      case 'PacketCancelled':
        packets.cancelled(at, data);
        break;
    }
  };

  return {
    add(at) {
      lastTimeMs = Math.max(lastTimeMs, at.timeMs);
      apply(at);
      const imbalance = imbalanceFen(terms());
      if (imbalance !== lastImbalanceFen) {
        report(1, at, `${imbalance - lastImbalanceFen} fen out of balance by this ${at.event.type}`);
        lastImbalanceFen = imbalance;
      }
    },
    terms,
    violations(asOfMs = lastTimeMs) {
      const missing: MoneyViolation[] = [];
      packets.reportMissing(asOfMs, within, (rule, { position, stream }, detail) => {
        if (found.length + missing.length < domainLimits.audit.violationsMax) {
          missing.push({ rule, position, stream, detail });
        }
      });
      return [...found, ...missing];
    },
    violationCount: () => count,
  };
}
