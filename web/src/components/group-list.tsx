import { useId } from 'preact/hooks';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';

/** The groups of this side. Nothing when there are none. */
export function GroupList({ onOpen }: { onOpen(id: ConversationId): void }) {
  const { friends: texts } = useTexts();
  const { groups } = useSessionState();
  const headingId = useId();
  if (groups === undefined || groups.length === 0) return null;
  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.groups}</h3>
      <ul class="rows">
        {groups.map(({ groupId, conversationId, name, memberCount }) => (
          <li key={groupId}>
            <button type="button" class="row" onClick={() => onOpen(conversationId)}>
              <Avatar id={groupId} name={name ?? '…'} group />
              <span class="row-main">
                <span class="row-title">{name}</span>
                <span class="row-sub">{texts.members(memberCount)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
