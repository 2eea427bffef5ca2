import type { EventOfType } from '../events.ts';
import type { PacketId } from '../ids.ts';
import type { PacketTerms } from '../packet/packet-terms.ts';
import { grabCreditKey, refundCreditKey } from '../wallet/wallet-keys.ts';
import type { AuditedEvent } from './audited-event.ts';
import type { MoneyRule } from './money-rules.ts';
import type { PacketAccount } from './packet-account.ts';
import { blankAccount, isSettled } from './packet-account.ts';

export type ReportViolation = (
  rule: MoneyRule,
  at: Pick<AuditedEvent, 'position' | 'stream'>,
  detail: string,
) => void;

/**
 * Money on its way through packets: rules 2 to 5 and 7. It adds up what it is told without correcting it, so
 * that a wrong event shows in the sums too (rule 1), as it would in anybody's pocket.
 *
 * Packets that are settled are kept by id only: an audit's memory grows with the packets of the log, but by
 * little, and what happens to a settled packet afterwards is still found.
 */
export class PacketLedger {
  /** Left a wallet, not in a packet yet. */
  fundsUnderWayFen = 0;
  /** In packets that have not ended. */
  openPacketsFen = 0;
  /** Left a packet, not in a wallet yet. */
  creditsUnderWayFen = 0;

  readonly #accounts = new Map<string, PacketAccount>();
  readonly #settled = new Set<string>();
  readonly #report: ReportViolation;

  constructor(report: ReportViolation) {
    this.#report = report;
  }

  funded(at: AuditedEvent, { terms, amountFen }: EventOfType<'PacketFunded'>['data']): void {
    const account = this.#account(terms.packetId);
    if (account.funded) this.#report(2, at, `Packet ${terms.packetId} is funded twice`);
    if (amountFen !== terms.totalFen) {
      this.#report(2, at, `Packet ${terms.packetId} of ${terms.totalFen} fen is funded with ${amountFen}`);
    }
    account.funded = true;
    account.fundsUnderWayFen += amountFen;
    account.origin = { position: at.position, stream: at.stream, expiresAtSecond: terms.expiresAtSecond };
    this.fundsUnderWayFen += amountFen;
  }

  sent(at: AuditedEvent, terms: PacketTerms): void {
    const { packetId, totalFen, expiresAtSecond } = terms;
    const account = this.#account(packetId);
    if (account.terms !== undefined || account.ended) this.#report(2, at, `Packet ${packetId} is sent twice`);
    if (account.fundsUnderWayFen !== totalFen) {
      const funds = account.fundsUnderWayFen;
      this.#report(2, at, `Packet ${packetId} of ${totalFen} fen is sent, funded with ${funds}`);
    }
    this.fundsUnderWayFen -= account.fundsUnderWayFen;
    account.fundsUnderWayFen = 0;
    account.terms = terms;
    account.remainingFen += totalFen;
    account.origin = { position: at.position, stream: at.stream, expiresAtSecond };
    this.openPacketsFen += totalFen;
  }

  grabbed(at: AuditedEvent, grab: EventOfType<'PacketGrabbed'>['data']): void {
    const { packetId, userId, amountFen, shareIndex } = grab;
    const account = this.#account(packetId);
    if (account.ended) this.#report(5, at, `Packet ${packetId} grants a share after its end`);
    else this.openPacketsFen -= amountFen;
    account.remainingFen -= amountFen;
    account.grants += 1;
    if (!account.ended && account.remainingFen < 0) {
      this.#report(2, at, `Packet ${packetId} has granted ${-account.remainingFen} fen more than it held`);
    }
    const count = account.terms?.count;
    if (count !== undefined && account.grants > count) {
      this.#report(3, at, `Packet ${packetId} of ${count} shares grants share number ${account.grants}`);
    }
    if (account.grantedTo.has(userId)) {
      this.#report(3, at, `Packet ${packetId} grants a second share to user ${userId}`);
    }
    account.grantedTo.add(userId);
    const expiresAtSecond = account.terms?.expiresAtSecond;
    if (expiresAtSecond !== undefined && at.timeMs >= expiresAtSecond * 1000) {
      this.#report(
        4,
        at,
        `Packet ${packetId} grants a share at ${at.timeMs} ms, expired at ${expiresAtSecond} s`,
      );
    }
    this.#giveOut(at, account, grabCreditKey(packetId, shareIndex), userId, amountFen);
  }

  exhausted(at: AuditedEvent, { packetId }: EventOfType<'PacketExhausted'>['data']): void {
    this.#end(at, packetId, 0);
  }

  refunded(at: AuditedEvent, refund: EventOfType<'PacketRefunded'>['data']): void {
    const { packetId, senderId, amountFen } = refund;
    const account = this.#end(at, packetId, amountFen);
    const expiresAtSecond = account.terms?.expiresAtSecond;
    if (expiresAtSecond !== undefined && at.timeMs < expiresAtSecond * 1000) {
      this.#report(
        4,
        at,
        `Packet ${packetId} is refunded at ${at.timeMs} ms, expires at ${expiresAtSecond} s`,
      );
    }
    this.#giveOut(at, account, refundCreditKey(packetId), senderId, amountFen);
  }

  /** A cancelled packet was never there for anyone: rule 4's "not before" is not about it. */
  cancelled(at: AuditedEvent, cancel: EventOfType<'PacketCancelled'>['data']): void {
    const { packetId, senderId, amountFen } = cancel;
    const account = this.#end(at, packetId, amountFen);
    this.#giveOut(at, account, refundCreditKey(packetId), senderId, amountFen);
  }

  credited(at: AuditedEvent, packetId: PacketId, key: string, userId: string): void {
    const account = this.#account(packetId);
    const credit = account.underWay.get(key);
    if (credit === undefined) {
      this.#report(7, at, `Credit ${key} is taken twice, or the packet never gave it out`);
      this.#settle(packetId, account);
      return;
    }
    if (credit.userId !== userId) {
      this.#report(7, at, `Credit ${key} of user ${credit.userId} is taken by user ${userId}`);
    }
    account.underWay.delete(key);
    this.creditsUnderWayFen -= credit.amountFen;
    this.#settle(packetId, account);
  }

  /** Tells what should have happened by `asOfMs` and has not. */
  reportMissing(
    asOfMs: number,
    within: { readonly creditWithinMs: number; readonly endWithinMs: number },
    report: ReportViolation,
  ): void {
    for (const [packetId, account] of this.#accounts) {
      for (const [key, credit] of account.underWay) {
        const lateMs = asOfMs - credit.timeMs;
        if (lateMs > within.creditWithinMs) {
          report(7, credit, `Credit ${key} of ${credit.amountFen} fen is under way for ${lateMs} ms`);
        }
      }
      const { origin, ended } = account;
      if (origin === undefined || ended) continue;
      const lateMs = asOfMs - origin.expiresAtSecond * 1000;
      if (lateMs > within.endWithinMs) {
        report(5, origin, `Packet ${packetId} has no end ${lateMs} ms after its expiry`);
      }
    }
  }

  #end(at: AuditedEvent, packetId: PacketId, returnedFen: number): PacketAccount {
    const account = this.#account(packetId);
    if (account.ended) {
      this.#report(5, at, `Packet ${packetId} ends a second time`);
    } else {
      if (account.remainingFen !== returnedFen) {
        const held = account.remainingFen;
        this.#report(2, at, `Packet ${packetId} returns ${returnedFen} fen at its end and holds ${held}`);
      }
      this.openPacketsFen -= account.remainingFen;
    }
    account.remainingFen = 0;
    account.ended = true;
    return account;
  }

  #giveOut(at: AuditedEvent, account: PacketAccount, key: string, userId: string, amountFen: number): void {
    if (amountFen === 0) return;
    const { position, stream, timeMs } = at;
    const before = account.underWay.get(key);
    if (before !== undefined) {
      this.#report(7, at, `Credit ${key} is given out twice`);
      this.creditsUnderWayFen -= before.amountFen;
    }
    account.underWay.set(key, { userId, amountFen, timeMs, position, stream });
    this.creditsUnderWayFen += amountFen;
  }

  #account(packetId: string): PacketAccount {
    const known = this.#accounts.get(packetId);
    if (known !== undefined) return known;
    const account = blankAccount();
    if (this.#settled.has(packetId)) {
      account.funded = true;
      account.ended = true;
    }
    this.#accounts.set(packetId, account);
    return account;
  }

  #settle(packetId: string, account: PacketAccount): void {
    if (!isSettled(account)) return;
    this.#accounts.delete(packetId);
    this.#settled.add(packetId);
  }
}
