import type { UserId } from '../../../src/domain/ids.ts';
import type { InboxEntryView, MessageView } from '../../../src/protocol/views/message-views.ts';
import { withoutContent } from './merge-items.ts';

type Inbox = readonly InboxEntryView[];

/**
 * The inbox after a new item, newest conversation first; `undefined` when the conversation is not in it and the
 * inbox has to be asked for again.
 */
export function foldInbox(inbox: Inbox, item: MessageView, me: UserId): Inbox | undefined {
  const entry = inbox.find((candidate) => candidate.conversationId === item.conversationId);
  if (entry === undefined) return undefined;
  if (item.seq <= entry.headSeq) return inbox;
  const isCountable = item.kind === 'text' || item.kind === 'packet';
  const counts = isCountable && item.senderId !== me && item.seq > entry.read;
  const shown =
    item.kind === 'recall'
      ? { lastMessage: lastAfterRecall(entry, item.recalledSeq) }
      : { lastMessage: item, lastActivityMs: item.timeMs };
  const after: InboxEntryView = {
    ...entry,
    ...shown,
    headSeq: item.seq,
    unread: entry.unread + (counts ? 1 : 0),
  };
  if (item.kind === 'recall') return inbox.map((other) => (other === entry ? after : other));
  return [after, ...inbox.filter((other) => other !== entry)];
}

/**
 * The inbox as it was read, newest conversation first. Where updates overtook the read, or this user has read
 * further than the server knew then, the entry that is shown is the newer one and stays.
 */
export function mergeInbox(shown: Inbox, loaded: Inbox): Inbox {
  const shownById = new Map(shown.map((entry) => [entry.conversationId, entry] as const));
  const newest = loaded.map((entry) => {
    const known = shownById.get(entry.conversationId);
    const isNewer = known !== undefined && (known.headSeq > entry.headSeq || known.read > entry.read);
    return isNewer ? known : entry;
  });
  return newest.toSorted((a, b) => b.lastActivityMs - a.lastActivityMs);
}

/** The inbox after this user has read up to `seq` of a conversation that is open in front of them. */
export function markInboxRead(inbox: Inbox, conversationId: string, seq: number): Inbox {
  return inbox.map((entry) =>
    entry.conversationId === conversationId && (entry.unread > 0 || entry.read < seq)
      ? { ...entry, read: Math.max(entry.read, seq), unread: seq >= entry.headSeq ? 0 : entry.unread }
      : entry,
  );
}

function lastAfterRecall(entry: InboxEntryView, recalledSeq: number): MessageView | null {
  const last = entry.lastMessage;
  return last !== null && last.seq === recalledSeq ? withoutContent(last) : last;
}
