import type { MessageView } from '../../../src/protocol/views/message-views.ts';
import { useTexts } from '../i18n/language-context.ts';
import { useNoticeText } from './use-notice-text.ts';

/** One item of a conversation in a line. */
export function useItemPreview(): (item: MessageView) => string {
  const { inbox, chat, packet } = useTexts();
  const noticeText = useNoticeText();
  return (item) => {
    switch (item.kind) {
      case 'text':
        return item.text ?? chat.unreadable;
      case 'packet':
        return inbox.packet(item.greeting || packet.defaultGreeting);
      case 'recalled':
      case 'recall':
        return inbox.recalled;
      case 'notice':
        return noticeText(item.notice);
    }
  };
}
