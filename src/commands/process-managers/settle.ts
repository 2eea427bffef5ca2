/**
 * Settling turns what happened to packets into credits on wallets: PacketGrabbed into GrabCredited, PacketRefunded
 * and PacketCancelled into RefundCredited. A credit has a key, and a wallet takes each key once, so that order,
 * repetition and a second settler do not matter. Credits that wait for one wallet go into one append, by way of
 * its mailbox.
 */
import type { PacketEvent } from '../../domain/packet/packet-events.ts';
import { streams } from '../../domain/streams.ts';
import type { WalletCommand } from '../../domain/wallet/wallet-commands.ts';
import type { WalletEvent } from '../../domain/wallet/wallet-events.ts';
import { grabCreditKey, refundCreditKey } from '../../domain/wallet/wallet-keys.ts';
import { bodyHashOf } from '../canonical-json.ts';
import { derivedIds } from '../derived-ids.ts';
import type { EventLog, RecordedEvent } from '../event-log.ts';
import { eventOf } from '../loaded-aggregate.ts';
import type { WriteScope } from '../write-scope.ts';
import { StepUnfinished } from './follower.ts';

type Credit = Extract<WalletCommand, { readonly type: 'CreditGrab' | 'CreditRefund' }>;

/** Credits what an event of a packet owes. Resolves once the credit is durable; throws to be called again. */
export async function settle(
  { aggregates, eventLog }: Pick<WriteScope, 'aggregates' | 'eventLog'>,
  recorded: RecordedEvent,
): Promise<void> {
  const credit = creditOf(eventOf<PacketEvent>(recorded));
  if (credit === undefined) return;
  const stream = streams.wallet(credit.userId);
  const key = keyOf(credit);
  const envelope = {
    commandId: derivedIds.step(credit.type === 'CreditGrab' ? 'credit-grab' : 'credit-refund', key),
    bodyHash: bodyHashOf(credit),
    actor: 'system:settle',
    correlationId: recorded.metadata.$correlationId,
    causationId: recorded.id,
  };
  const outcome = await aggregates.wallet.execute(stream, { ...envelope, command: credit });
  if (outcome.kind === 'accepted') return;
  const forgotten = outcome.kind === 'rejected' && outcome.rejection.code === 'unknown-outcome';
  if (!forgotten) throw new StepUnfinished(`the credit ${key}`, outcome);
  // So old that the wallet may have forgotten the key: only the whole stream tells.
  if (await hasCredit(eventLog, stream, key)) return;
  const proven = await aggregates.wallet.execute(stream, {
    ...envelope,
    command: { ...credit, absenceProven: true },
  });
  if (proven.kind !== 'accepted') throw new StepUnfinished(`the credit ${key}`, proven);
}

function creditOf(event: PacketEvent): Credit | undefined {
  switch (event.type) {
    case 'PacketGrabbed': {
      const { userId, packetId, shareIndex, amountFen, expiresAtSecond } = event.data;
      return { type: 'CreditGrab', userId, packetId, shareIndex, amountFen, expiresAtSecond };
    }
    case 'PacketRefunded':
    case 'PacketCancelled': {
      const { senderId: userId, packetId, amountFen, expiresAtSecond } = event.data;
      return { type: 'CreditRefund', userId, packetId, amountFen, expiresAtSecond };
    }
    case 'PacketSent':
    case 'PacketExhausted':
    case 'PacketThanked':
      return undefined;
  }
}

function keyOf(credit: Credit): string {
  return credit.type === 'CreditGrab'
    ? grabCreditKey(credit.packetId, credit.shareIndex)
    : refundCreditKey(credit.packetId);
}

async function hasCredit(eventLog: EventLog, stream: string, key: string): Promise<boolean> {
  for await (const recorded of eventLog.readStream(stream)) {
    const { type, data } = eventOf<WalletEvent>(recorded);
    if (type === 'GrabCredited' && grabCreditKey(data.packetId, data.shareIndex) === key) return true;
    if (type === 'RefundCredited' && refundCreditKey(data.packetId) === key) return true;
  }
  return false;
}
