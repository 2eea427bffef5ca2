import type { ConversationId, DeviceId, UserId } from '../ids.ts';

/** How far one device has received, and its user has read, one conversation. Cumulative: everything up to it. */
export interface ReceiptCursor {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly conversationId: ConversationId;
  /** A seq; 0 is nothing yet. */
  readonly delivered: number;
  /** A seq; never above `delivered`. */
  readonly read: number;
}

/** On `receipts-{shard}`. Cursors only ever advance: folding takes the maximum, so order and repeats are harmless. */
export type ReceiptsEvent = {
  readonly type: 'ReceiptsAdvanced';
  readonly data: { readonly cursors: readonly ReceiptCursor[] };
};
