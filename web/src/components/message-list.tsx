import { useLayoutEffect, useRef } from 'preact/hooks';
import { type ConversationId, type PacketId, parseConversationId } from '../../../src/domain/ids.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { noConversation } from '../session/session-state.ts';
import { Empty } from './empty.tsx';
import { MessageItem } from './message-item.tsx';
import { PendingMessageItem } from './pending-message-item.tsx';
import { Problem } from './problem.tsx';

/** So close to its end, the list follows what comes in. */
const followWithinPx = 120;

/** The flow of a conversation. New items are said aloud by screen readers. */
export function MessageList({ id, onOpenPacket }: { id: ConversationId; onOpenPacket(id: PacketId): void }) {
  const { app, chat } = useTexts();
  const session = useSession();
  const state = useSessionState();
  const { items, pending, receipts } = state.conversations.get(id) ?? noConversation;
  const older = useAction(() => session.loadOlder(id));
  const list = useRef<HTMLDivElement>(null);
  const followed = useRef(true);

  const lastSeq = items?.at(-1)?.seq;
  // Whatever comes to the end moves the end.
  useLayoutEffect(() => {
    const box = list.current;
    if (box !== null && followed.current) box.scrollTop = box.scrollHeight;
  }, [lastSeq, pending.length]);

  function onScroll(): void {
    const box = list.current;
    if (box === null) return;
    followed.current = box.scrollHeight - box.scrollTop - box.clientHeight < followWithinPx;
  }

  const parties = parseConversationId(id);
  const group = state.groups?.find((candidate) => candidate.conversationId === id);
  const others = parties?.kind === 'direct' ? 1 : Math.max(0, (group?.memberCount ?? 1) - 1);
  const oldestSeq = items?.[0]?.seq;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div ref={list} class="messages" role="log" aria-label={chat.messages} tabIndex={0} onScroll={onScroll}>
      {items === undefined && state.loadFailure === undefined && <p class="hint">{app.loading}</p>}
      {oldestSeq !== undefined && oldestSeq > 1 && (
        <button type="button" class="button-quiet" disabled={older.busy} onClick={() => void older.run()}>
          {chat.older}
        </button>
      )}
      <Problem code={older.failure} />
      {items?.length === 0 && pending.length === 0 && <Empty text={chat.empty} />}
      {(items ?? []).map((item) => (
        <MessageItem
          key={item.seq}
          item={item}
          receipts={receipts}
          others={others}
          onOpenPacket={onOpenPacket}
        />
      ))}
      {pending.map((message) => (
        <PendingMessageItem
          key={message.clientMsgId}
          message={message}
          onAgain={() => void session.sendAgain(id, message)}
        />
      ))}
    </div>
  );
}
