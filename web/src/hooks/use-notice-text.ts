import type { Notice } from '../../../src/domain/conversation/conversation-events.ts';
import { useTexts } from '../i18n/language-context.ts';
import { useNames } from './use-session.ts';

/** What happened to a conversation, as a sentence. */
export function useNoticeText(): (notice: Notice) => string {
  const { notices } = useTexts().chat;
  const nameOf = useNames();
  return (notice) => {
    switch (notice.kind) {
      case 'friends-now':
        return notices.friendsNow(nameOf(notice.by));
      case 'group-created':
        return notices.groupCreated(nameOf(notice.by));
      case 'member-joined':
        return notices.memberJoined(nameOf(notice.userId), nameOf(notice.invitedBy));
      case 'member-left':
        return notices.memberLeft(nameOf(notice.userId));
      case 'member-removed':
        return notices.memberRemoved(nameOf(notice.userId), nameOf(notice.by));
      case 'group-renamed':
        return notices.groupRenamed(nameOf(notice.by));
      case 'group-dissolved':
        return notices.groupDissolved(nameOf(notice.by));
    }
  };
}
