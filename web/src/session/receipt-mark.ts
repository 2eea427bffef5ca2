import type { UserId } from '../../../src/domain/ids.ts';
import type { ReceiptView } from '../../../src/protocol/views/message-views.ts';
import type { Cursors } from './session-state.ts';

type Receipts = ReadonlyMap<UserId, Cursors>;

/** The cursors of a conversation's participants after a receipt. Cursors never go back. */
export function withReceipt(receipts: Receipts, { userId, delivered, read }: ReceiptView): Receipts {
  const before = receipts.get(userId) ?? { delivered: 0, read: 0 };
  if (delivered <= before.delivered && read <= before.read) return receipts;
  return new Map(receipts).set(userId, {
    delivered: Math.max(before.delivered, delivered),
    read: Math.max(before.read, read),
  });
}

/** How far a message of mine has come. */
export type ReceiptMark =
  | { readonly kind: 'sent' }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'read' }
  /** In a group: some have read it, not all. */
  | { readonly kind: 'read-by'; readonly readers: number; readonly others: number };

/**
 * The mark of the message `seq`: what all others have reached, or how many of them have read it.
 * `others` is the number of participants beside me; those who never acknowledged anything have no cursors.
 */
export function receiptMark(seq: number, receipts: Receipts, me: UserId, others: number): ReceiptMark {
  let readers = 0;
  let receivers = 0;
  for (const [userId, cursors] of receipts) {
    if (userId === me) continue;
    if (cursors.read >= seq) readers += 1;
    if (cursors.delivered >= seq || cursors.read >= seq) receivers += 1;
  }
  if (others > 0 && readers >= others) return { kind: 'read' };
  if (readers > 0) return { kind: 'read-by', readers, others };
  return others > 0 && receivers >= others ? { kind: 'delivered' } : { kind: 'sent' };
}
