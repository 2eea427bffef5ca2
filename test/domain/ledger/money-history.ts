import type { DomainEvent, DomainEventType, EventOfType } from '../../../src/domain/events.ts';
import type { AuditedEvent } from '../../../src/domain/ledger/audited-event.ts';
import {
  alice,
  bob,
  carol,
  clientMsgId,
  expiresAtSecond,
  packetId,
  packetTerms,
  seedHex,
} from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';

export const expiryMs = expiresAtSecond * 1000;

/** Two equal shares of 50 fen, so that a planted change stands out. */
export const terms = packetTerms({ kind: 'equal', totalFen: 100, count: 2 });
export const packet = terms.packetId;

export interface Step {
  readonly event: DomainEvent;
  readonly timeMs: number;
}

function step<Type extends DomainEventType>(
  type: Type,
  data: EventOfType<Type>['data'],
  timeMs: number,
): Step {
  return { event: { type, data } as EventOfType<Type>, timeMs };
}

export const deposited = (amountFen: number, userId = alice): Step =>
  step('FundsDeposited', { userId, amountFen, providerRef: 'in' }, startMs);
export const withdrew = (amountFen: number, userId = alice): Step =>
  step('FundsWithdrawn', { userId, amountFen, providerRef: 'out' }, startMs);
export const funded = (amountFen = 100): Step =>
  step('PacketFunded', { userId: alice, amountFen, terms, clientMsgId: clientMsgId(1) }, startMs);
export const sent = (of = terms): Step => step('PacketSent', of, startMs);
export const grabbed = (userId = bob, shareIndex = 0, amountFen = 50, timeMs = startMs): Step =>
  step('PacketGrabbed', { packetId: packet, userId, shareIndex, amountFen, expiresAtSecond }, timeMs);
export const exhausted = (timeMs = startMs): Step =>
  step('PacketExhausted', { packetId: packet, senderId: alice, luckiest: bob, seed: seedHex }, timeMs);
export const refunded = (amountFen = 50, timeMs = expiryMs): Step =>
  step(
    'PacketRefunded',
    { packetId: packet, senderId: alice, amountFen, expiresAtSecond, seed: seedHex },
    timeMs,
  );
export const cancelled = (amountFen = 100, timeMs = startMs): Step =>
  step(
    'PacketCancelled',
    { packetId: packet, senderId: alice, amountFen, expiresAtSecond, reason: 'blocked', seed: seedHex },
    timeMs,
  );
export const grabCredited = (userId = bob, shareIndex = 0, amountFen = 50, of = packet): Step =>
  step('GrabCredited', { userId, packetId: of, shareIndex, amountFen, expiresAtSecond }, startMs);
export const refundCredited = (amountFen = 50, userId = alice): Step =>
  step('RefundCredited', { userId, packetId: packet, amountFen, expiresAtSecond }, expiryMs);

/** Alice's packet up to where it is open. */
export const opened: readonly Step[] = [deposited(1000), funded(), sent()];
/** A packet of which Bob takes one share and the other goes back. */
export const halfTaken: readonly Step[] = [
  ...opened,
  grabbed(),
  grabCredited(),
  refunded(),
  refundCredited(),
];
/** A packet that is grabbed to the end. */
export const allTaken: readonly Step[] = [
  ...opened,
  grabbed(bob, 0),
  grabbed(carol, 1),
  exhausted(),
  grabCredited(carol, 1),
  grabCredited(bob, 0),
];
export const otherPacket = packetId(2);

/** The steps as the log would hold them; a step's stream does not matter to the rules. */
export function recorded(steps: readonly Step[]): readonly AuditedEvent[] {
  return steps.map((each, index) => ({
    ...each,
    position: BigInt(index),
    stream: 'some-stream',
    revision: index,
  }));
}
