import type { InboxEntryView } from '../../../src/protocol/views/message-views.ts';
import { formatTime } from '../format/time.ts';
import { useConversationTitle } from '../hooks/use-conversation-title.ts';
import { useItemPreview } from '../hooks/use-item-preview.ts';
import { useSession } from '../hooks/use-session.ts';
import { useLanguage, useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';

/** One conversation: whose, the last word in it, and what is unread. */
export function InboxRow({ entry, onOpen }: { entry: InboxEntryView; onOpen(): void }) {
  const texts = useTexts();
  const language = useLanguage();
  const session = useSession();
  const title = useConversationTitle(entry.conversationId);
  const preview = useItemPreview();
  const avatarId = entry.peer?.username ?? entry.conversationId;
  return (
    <li>
      <button type="button" class="row" onClick={onOpen}>
        <Avatar id={avatarId} name={title} group={entry.peer === null} />
        <span class="row-main">
          <span class="row-title">{title}</span>
          <span class="row-sub">
            {entry.lastMessage === null ? texts.inbox.nothingSaid : preview(entry.lastMessage)}
          </span>
        </span>
        <span class="row-side">
          <span class="row-time">{formatTime(entry.lastActivityMs, session.serverNowMs(), language)}</span>
          {entry.unread > 0 && (
            <>
              <span class="badge" aria-hidden="true">
                {entry.unread}
              </span>
              <span class="visually-hidden">{texts.pane.unread(entry.unread)}</span>
            </>
          )}
        </span>
      </button>
    </li>
  );
}
