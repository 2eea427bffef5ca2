import { type ConversationId, isUuid, type PacketId, parseConversationId } from '../../domain/ids.ts';
import type { InboxCursor } from '../../projections/queries/inbox-queries.ts';
import type { PacketCursor } from '../../projections/queries/packet-queries.ts';
import type { Page } from '../../projections/queries/page.ts';
import { bounds } from '../../protocol/bounds.ts';
import { RequestFailed } from '../wire-error.ts';

/*
 * Page cursors are opaque to clients: text that the server gave out, and checks when it comes back.
 */

interface PageQuery {
  readonly after?: string;
  readonly limit?: number;
}

/** The page of a list ordered by id that a request asks for. */
export function idPage<Id extends string>(query: PageQuery): { after?: Id; limit: number } {
  const limit = query.limit ?? bounds.pageItemsDefault;
  if (query.after === undefined) return { limit };
  if (!isUuid(query.after)) throw badCursor();
  return { after: query.after as Id, limit };
}

export function numberPage(query: PageQuery): { before?: number; limit: number } {
  const limit = query.limit ?? bounds.pageItemsDefault;
  if (query.after === undefined) return { limit };
  return { before: wholeNumber(query.after), limit };
}

export function inboxCursorPage(query: PageQuery): { after?: InboxCursor; limit: number } {
  const limit = query.limit ?? bounds.pageItemsDefault;
  if (query.after === undefined) return { limit };
  const [time, conversationId = '', ...rest] = query.after.split('.');
  if (rest.length > 0 || parseConversationId(conversationId) === undefined) throw badCursor();
  const after = {
    lastActivityMs: wholeNumber(time ?? ''),
    conversationId: conversationId as ConversationId,
  };
  return { after, limit };
}

export function inboxCursorText({ lastActivityMs, conversationId }: InboxCursor): string {
  return `${lastActivityMs}.${conversationId}`;
}

export function packetPage(query: PageQuery): { before?: PacketCursor; limit: number } {
  const limit = query.limit ?? bounds.pageItemsDefault;
  if (query.after === undefined) return { limit };
  const [time, packetId = '', ...rest] = query.after.split('.');
  if (rest.length > 0 || !isUuid(packetId)) throw badCursor();
  return { before: { timeMs: wholeNumber(time ?? ''), packetId: packetId as PacketId }, limit };
}

export function packetCursorText({ timeMs, packetId }: PacketCursor): string {
  return `${timeMs}.${packetId}`;
}

/** Where the next page begins, as text; `null` after the last one. */
export function nextOf<Cursor>(
  page: Page<unknown, Cursor>,
  asText: (cursor: Cursor) => string = String,
): string | null {
  return page.next === undefined ? null : asText(page.next);
}

function wholeNumber(text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw badCursor();
  return number;
}

function badCursor(): RequestFailed {
  return new RequestFailed('bad-request', 'This page cursor is not one that the server gave out.');
}
