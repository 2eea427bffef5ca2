import { useId } from 'preact/hooks';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { useNames, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';
import { Empty } from './empty.tsx';

/** The friends of this side, each a click away from a chat. */
export function FriendList({ onOpen }: { onOpen(id: ConversationId): void }) {
  const { app, friends: texts } = useTexts();
  const { friends, loadFailure } = useSessionState();
  const nameOf = useNames();
  const headingId = useId();
  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.heading}</h3>
      {friends === undefined && loadFailure === undefined && <p class="hint">{app.loading}</p>}
      {friends?.length === 0 && <Empty text={texts.empty} />}
      <ul class="rows">
        {(friends ?? []).map(({ user, conversationId }) => {
          const name = nameOf(user.userId);
          return (
            <li key={user.userId}>
              <button
                type="button"
                class="row"
                aria-label={texts.chatWith(name)}
                onClick={() => onOpen(conversationId)}
              >
                <Avatar id={user.username ?? user.userId} name={name} />
                <span class="row-main">
                  <span class="row-title">{name}</span>
                  <span class="row-sub">@{user.username}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
