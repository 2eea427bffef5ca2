import { limits } from '../../config/limits.ts';
import type { ConversationId, UserId } from '../../domain/ids.ts';
import type { ReadSide } from '../read-side.ts';
import { messageView } from '../views/message-views.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import { encodePush, resyncAllFrame } from './encode-frame.ts';

/**
 * The frames that bring a client from its cursors to the present: items by seq, or a `resync` for a conversation
 * that has too many, or too large ones. Conversations that the client did not name begin where its user has read
 * to, or came in. Those that the user has left are passed over in silence.
 */
export async function missedItems(
  userId: UserId,
  cursors: Readonly<Record<string, number>>,
  reads: ReadSide,
  open: OpenSealed,
): Promise<readonly Buffer[]> {
  const frames: Buffer[] = [];
  let room: number = limits.gateway.missedPerHelloMax;
  let roomBytes: number = limits.gateway.missedBytesPerHelloMax;
  const { conversations, complete } = await behind(userId, cursors, reads);
  for (const { conversationId, cursor, headSeq } of conversations) {
    const count = headSeq - cursor;
    if (count > limits.gateway.missedPerConversationMax || count > room) {
      frames.push(encodePush('resync', { conversationId, from: cursor + 1 }));
      continue;
    }
    const page = await reads.messages(userId, conversationId, { afterSeq: cursor, limit: count });
    for (const row of page?.rows ?? []) {
      const frame = encodePush('message', await messageView(row, open));
      roomBytes -= frame.length;
      if (roomBytes < 0) {
        // A socket that is handed more at once than it may have waiting is closed, at every hello again.
        room = 0;
        frames.push(encodePush('resync', { conversationId, from: row.seq }));
        break;
      }
      room -= 1;
      frames.push(frame);
    }
  }
  return complete ? frames : [...frames, resyncAllFrame];
}

interface Behind {
  readonly conversationId: ConversationId;
  readonly cursor: number;
  readonly headSeq: number;
}

/**
 * The conversations among the newest of the user's inbox in which the client lacks something, and whether those
 * are all: if not, it is told to look for itself.
 */
async function behind(
  userId: UserId,
  cursors: Readonly<Record<string, number>>,
  reads: ReadSide,
): Promise<{ readonly conversations: readonly Behind[]; readonly complete: boolean }> {
  const limit = limits.gateway.helloInboxEntriesMax;
  const inbox = await reads.inbox(userId, { limit });
  const conversations: Behind[] = [];
  for (const { conversationId, headSeq, startSeq, read } of inbox.rows) {
    // Who came in while they were away begins with the notice of it, not with all that was said before.
    const cursor = cursors[conversationId] ?? Math.max(read, startSeq - 1);
    if (headSeq > cursor) conversations.push({ conversationId, cursor, headSeq });
  }
  return { conversations, complete: inbox.next === undefined };
}
