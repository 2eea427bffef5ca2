import { Map as PersistentMap } from 'immutable';
import type { Rejection } from '../decider.ts';
import { rejection } from '../decider.ts';
import type { ConversationId, DeviceId, UserId } from '../ids.ts';
import type { ReceiptCursor, ReceiptsEvent } from './receipts-events.ts';

/**
 * Cursors form a lattice: merging takes the greater of each part, so that it is commutative, associative and
 * idempotent, and cursors may arrive late, twice or in any order. There is nothing to decide and no decider.
 */

/** How far a device and its user are in one conversation. */
export type CursorPlace = Pick<ReceiptCursor, 'delivered' | 'read'>;

export const nothingReceived: CursorPlace = { delivered: 0, read: 0 };

/** The furthest of two places. What was read was delivered, whatever the cursor says. */
export function mergePlaces(one: CursorPlace, other: CursorPlace): CursorPlace {
  const read = Math.max(one.read, other.read);
  return { delivered: Math.max(one.delivered, other.delivered, read), read };
}

/** Whether `one` says nothing that `other` does not say. */
export function isCoveredBy(one: CursorPlace, other: CursorPlace): boolean {
  return one.read <= other.read && Math.max(one.delivered, one.read) <= other.delivered;
}

/** By user, device and conversation. */
export type ReceiptsState = PersistentMap<string, ReceiptCursor>;

export const initialReceipts: ReceiptsState = PersistentMap();

export function evolveReceipts(state: ReceiptsState, event: ReceiptsEvent): ReceiptsState {
  return state.withMutations((map) => {
    for (const cursor of event.data.cursors) {
      const key = cursorKey(cursor.userId, cursor.deviceId, cursor.conversationId);
      const place = mergePlaces(map.get(key) ?? nothingReceived, cursor);
      map.set(key, { ...cursor, ...place });
    }
  });
}

/** The least list that says the same: one cursor per user, device and conversation. Order of first mention. */
export function mergeCursors(cursors: readonly ReceiptCursor[]): readonly ReceiptCursor[] {
  const merged = new Map<string, ReceiptCursor>();
  for (const cursor of cursors) {
    const key = cursorKey(cursor.userId, cursor.deviceId, cursor.conversationId);
    merged.set(key, { ...cursor, ...mergePlaces(merged.get(key) ?? nothingReceived, cursor) });
  }
  return [...merged.values()];
}

/** How far a user has read a conversation: on the device where they are furthest. */
export function readUpTo(
  cursors: Iterable<ReceiptCursor>,
  userId: UserId,
  conversationId: ConversationId,
): number {
  let read = 0;
  for (const cursor of cursors) {
    if (cursor.userId === userId && cursor.conversationId === conversationId)
      read = Math.max(read, cursor.read);
  }
  return read;
}

/** Why a client's acknowledgement cannot be; `undefined` when it can. `headSeq` is the conversation's last seq. */
export function cursorRefusal(place: CursorPlace, headSeq: number): Rejection | undefined {
  const isSeq = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (!isSeq(place.delivered) || !isSeq(place.read)) {
    return rejection('bad-request', 'An acknowledgement names messages by their seq.');
  }
  return Math.max(place.delivered, place.read) > headSeq
    ? rejection('cursor-beyond-head', 'The conversation has no message of this seq yet.')
    : undefined;
}

/** None of the ids has a space in it, so that different cursors have different keys. */
function cursorKey(userId: UserId, deviceId: DeviceId, conversationId: ConversationId): string {
  return `${userId} ${deviceId} ${conversationId}`;
}
