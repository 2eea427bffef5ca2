import type { ConversationId } from '../../../src/domain/ids.ts';
import type { FriendRequestView } from '../../../src/protocol/views/user-views.ts';
import { useAction } from '../hooks/use-action.ts';
import { useNames, useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';
import { Problem } from './problem.tsx';

interface FriendRequestProps {
  request: FriendRequestView;
  onOpen(id: ConversationId): void;
}

/** One request: answered here when it is for this user. Accepting opens the chat. */
export function FriendRequest({ request, onOpen }: FriendRequestProps) {
  const texts = useTexts().friends;
  const session = useSession();
  const { userId, username } = request.user;
  const name = useNames()(userId);
  const accept = useAction(async () => onOpen(await session.acceptFriend(userId)));
  const decline = useAction(() => session.declineFriend(userId));
  const busy = accept.busy || decline.busy;
  return (
    <li class="row row-static">
      <Avatar id={username ?? userId} name={name} />
      <span class="row-main">
        <span class="row-title">{name}</span>
        <span class="row-sub">{request.direction === 'outgoing' ? texts.outgoing : request.note}</span>
        <Problem code={accept.failure ?? decline.failure} />
      </span>
      {request.direction === 'incoming' && (
        <span class="row-actions">
          <button
            type="button"
            class="button-primary"
            disabled={busy}
            aria-label={texts.acceptNamed(name)}
            onClick={() => void accept.run()}
          >
            {texts.accept}
          </button>
          <button
            type="button"
            disabled={busy}
            aria-label={texts.declineNamed(name)}
            onClick={() => void decline.run()}
          >
            {texts.decline}
          </button>
        </span>
      )}
    </li>
  );
}
