import { useId } from 'preact/hooks';
import type { ConversationId } from '../../../src/domain/ids.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { FriendRequest } from './friend-request.tsx';

/** The requests that wait: for this user to answer, and for others. Nothing when there are none. */
export function FriendRequests({ onOpen }: { onOpen(id: ConversationId): void }) {
  const { friends: texts } = useTexts();
  const { requests } = useSessionState();
  const headingId = useId();
  if (requests === undefined || requests.length === 0) return null;
  const incomingFirst = requests.toSorted((a, b) => a.direction.localeCompare(b.direction));
  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.requests}</h3>
      <ul class="rows">
        {incomingFirst.map((request) => (
          <FriendRequest key={request.user.userId} request={request} onOpen={onOpen} />
        ))}
      </ul>
    </section>
  );
}
