import { limits } from '../../config/limits.ts';
import type { ConversationId } from '../../domain/ids.ts';
import type { ReadSide } from '../read-side.ts';
import { encodePush, resyncAllFrame } from '../socket/encode-frame.ts';
import { messageView } from '../views/message-views.ts';
import type { OpenSealed } from '../views/open-sealed.ts';
import type { LocalUser } from './hub.ts';

/*
 * Groups and messages are read models of their own: a message can be published before it is known here that
 * someone has joined, and that someone is not told of it. So whoever joins gets what was said since, in order:
 * newer pushes are held back until that has been read.
 */

/** From now on pushes of the conversation are held back for this user. */
export function holdConversation(user: LocalUser, conversationId: ConversationId): void {
  user.holds ??= new Map();
  user.holds.set(conversationId, []);
}

/** Keeps a push if the user's pushes of the conversation are held back. */
export function heldBack(user: LocalUser, conversationId: ConversationId, frame: Buffer): boolean {
  const held = user.holds?.get(conversationId);
  if (held === undefined) return false;
  if (held.length < limits.gateway.joinedHeldMax) held.push(frame);
  return true;
}

/**
 * The frames that bring the user up to date, what was held back included. Nothing when the user has left
 * meanwhile. Never rejects: what cannot be read costs a resync.
 */
export async function joinedFrames(
  user: LocalUser,
  conversationId: ConversationId,
  joinedAtMs: number,
  reads: Pick<ReadSide, 'messages'>,
  open: OpenSealed,
): Promise<readonly Buffer[]> {
  const held = user.holds?.get(conversationId);
  const since = await saidSince(user, conversationId, joinedAtMs, reads, open).catch(() => [resyncAllFrame]);
  if (held === undefined || user.holds?.get(conversationId) !== held) return [];
  user.holds.delete(conversationId);
  if (user.holds.size === 0) user.holds = undefined;
  return held.length < limits.gateway.joinedHeldMax ? [...since, ...held] : [...since, resyncAllFrame];
}

async function saidSince(
  user: LocalUser,
  conversationId: ConversationId,
  joinedAtMs: number,
  reads: Pick<ReadSide, 'messages'>,
  open: OpenSealed,
): Promise<readonly Buffer[]> {
  const limit = limits.gateway.joinedItemsMax;
  const page = await reads.messages(user.userId, conversationId, { limit });
  const sinceMs = joinedAtMs - limits.gateway.joinedSlackMs;
  const rows = (page?.rows ?? []).filter((row) => row.timeMs >= sinceMs);
  // The page is newest first.
  const views = await Promise.all(rows.map((row) => messageView(row, open)));
  return views.reverse().map((view) => encodePush('message', view));
}
