import type { ConversationId } from '../../../src/domain/ids.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Empty } from './empty.tsx';
import { InboxRow } from './inbox-row.tsx';

interface InboxProps {
  onOpen(id: ConversationId): void;
  onFriends(): void;
}

/** The conversations of this side, newest first. */
export function Inbox({ onOpen, onFriends }: InboxProps) {
  const texts = useTexts();
  const { inbox, loadFailure } = useSessionState();
  if (inbox === undefined) return loadFailure === undefined ? <p class="hint">{texts.app.loading}</p> : null;
  if (inbox.length === 0) {
    return (
      <Empty text={texts.inbox.empty}>
        <button type="button" class="button-primary" onClick={onFriends}>
          {texts.inbox.toFriends}
        </button>
      </Empty>
    );
  }
  return (
    <ul class="rows" aria-label={texts.inbox.heading}>
      {inbox.map((entry) => (
        <InboxRow key={entry.conversationId} entry={entry} onOpen={() => onOpen(entry.conversationId)} />
      ))}
    </ul>
  );
}
