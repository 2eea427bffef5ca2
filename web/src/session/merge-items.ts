import type { MessageView } from '../../../src/protocol/views/message-views.ts';

type Items = readonly MessageView[];

/**
 * A conversation's items together with a page of them, in ascending seq. Both are without holes; where there
 * would be one between them, only the newer part is kept, so that what is shown never skips something silently.
 * Of two items with the same seq the one of the page wins: it is newer.
 */
export function mergeItems(items: Items, page: Items): Items {
  if (page.length === 0) return items;
  const bySeq = new Map([...items, ...page].map((item) => [item.seq, item] as const));
  const sorted = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  let start = sorted.length - 1;
  while (start > 0 && sorted[start - 1]?.seq === (sorted[start]?.seq ?? 0) - 1) start -= 1;
  return applyRecalls(sorted.slice(start));
}

/** Takes away the content of what a later item recalls. */
function applyRecalls(items: Items): Items {
  const recalled = new Set(items.flatMap((item) => (item.kind === 'recall' ? [item.recalledSeq] : [])));
  if (recalled.size === 0) return items;
  return items.map((item) => (recalled.has(item.seq) ? withoutContent(item) : item));
}

/** What is left of a message that was taken back. Only texts and packets can be. */
export function withoutContent(item: MessageView): MessageView {
  if (item.kind !== 'text' && item.kind !== 'packet') return item;
  const { conversationId, seq, timeMs, senderId, clientMsgId, messageNo } = item;
  return { kind: 'recalled', conversationId, seq, timeMs, senderId, clientMsgId, messageNo };
}
